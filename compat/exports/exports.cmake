# gneiss_write_export_map(OUT list.txt ...): an anonymous version script that exports the symbols of the lists, leaves them
# unversioned as RocksDB's are, and keeps everything else local. A list has one mangled name per line; # starts a comment.
function(gneiss_write_export_map OUT)
  set(text "{\n  global:\n")
  foreach(list IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${list})
    file(STRINGS ${list} names REGEX "^[A-Za-z_]")
    list(JOIN names ";\n    " joined)
    string(APPEND text "    ${joined};\n")
  endforeach()
  string(APPEND text "  local:\n    *;\n};\n")
  file(CONFIGURE OUTPUT ${OUT} CONTENT "${text}" @ONLY)
endfunction()
