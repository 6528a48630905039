# Writes the header as users get it: without the guards that let the library compile against its own
# headers. usage: cmake -DFROM=assay.h -DTO=installed.h -P public-header.cmake
file(READ ${FROM} text)
string(REGEX REPLACE "/\\* INTERNAL: [^/]*\\*/\n" "" text "${text}")
string(REGEX REPLACE "#(ifndef [A-Z_]+|endif) /\\* INTERNAL \\*/\n" "" text "${text}")
if(text MATCHES "INTERNAL")
  message(FATAL_ERROR "${FROM}: a guard is marked in a way that is not known")
endif()
file(WRITE ${TO} "${text}")
