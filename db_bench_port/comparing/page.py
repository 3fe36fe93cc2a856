"""The HTML page: one file with the results, the chart library and the page's own script inside."""
import json
import os
import shutil
import subprocess

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "page")
CHARTS = os.path.join(FOLDER, "node_modules", "echarts", "dist", "echarts.min.js")


class NoPage(Exception):
    pass


def fetch_charts():
    """Installs the chart library at its locked version unless it is there."""
    if os.path.exists(CHARTS):
        return
    if shutil.which("npm") is None:
        raise NoPage("the chart library is not installed and npm is missing (package npm)")
    done = subprocess.run([os.path.join(FOLDER, "fetch.sh")], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not os.path.exists(CHARTS):
        raise NoPage(f"page/fetch.sh failed: {done.stderr.strip()[-500:]}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def for_script(text):
    """JSON or a script inside <script>: nothing in it may end the element."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def build(results, charts):
    """The page's text. `charts` is the chart library's source."""
    page = read(os.path.join(FOLDER, "template.html"))
    for name, text in (("style", read(os.path.join(FOLDER, "page.css"))),
                       ("charts", for_script(charts)),
                       ("script", for_script(read(os.path.join(FOLDER, "page.js")))),
                       ("results", for_script(json.dumps(results, ensure_ascii=False)))):
        page = page.replace(f"/*{name}*/", text, 1)
    return page


def write(results, path):
    fetch_charts()
    with open(path, "w", encoding="utf-8") as file:
        file.write(build(results, read(CHARTS)))
