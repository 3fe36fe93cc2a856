#!/usr/bin/env bash
# Installs the chart library of the comparison page (Apache ECharts, Apache-2.0) from the npm registry, at the version and with the
# checksums of package-lock.json. compare calls it when a page is asked for and the library is not there.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
