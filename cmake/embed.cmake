# cmake/embed.cmake - a file as an array of bytes in C.
#
# usage: cmake -DIN=FILE -DOUT=FILE.c -DNAME=symbol -P embed.cmake
# Defines const unsigned char NAME[] and const size_t NAME_len.
file(READ "${IN}" bytes HEX)
string(LENGTH "${bytes}" digits)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
math(EXPR len "${digits} / 2")
set(text "/* Made of ${NAME} by cmake/embed.cmake. */\n#include <stddef.h>\n\n")
string(APPEND text "extern const unsigned char ${NAME}[];\nextern const size_t ${NAME}_len;\n")
string(APPEND text "const unsigned char ${NAME}[] = {\n${bytes}\n};\nconst size_t ${NAME}_len = ${len};\n")
file(WRITE "${OUT}" "${text}")
