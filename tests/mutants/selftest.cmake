# tests/mutants/selftest.cmake - that mutate.cmake plants what it is told to and refuses what does not fit.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/tree/engine)
file(WRITE ${WORK}/tree/engine/a.c "int one(void)\n{\n    return 1; /* [x]; \"\\\\\" */\n}\nint two(void)\n{\n    return 1;\n}\n")

# plant(name text expected): expected is the mutated file, or what the message must contain.
function(plant name text works expected)
  file(WRITE ${WORK}/${name}.mutant "${text}")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DENTRY=${WORK}/${name}.mutant -DROOT=${WORK}/tree -DOUT=${WORK}/${name}
            -P ${CMAKE_CURRENT_LIST_DIR}/mutate.cmake
    RESULT_VARIABLE status ERROR_VARIABLE error OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " error "${error}") # CMake wraps its messages
  if(works)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "${name}: refused: ${error}")
    endif()
    file(READ ${WORK}/${name}/engine/a.c content)
    if(NOT content STREQUAL expected)
      message(FATAL_ERROR "${name}: expected\n${expected}\nfound\n${content}")
    endif()
  elseif(status EQUAL 0)
    message(FATAL_ERROR "${name}: planted, and should not have been")
  elseif(NOT error MATCHES "${expected}")
    message(FATAL_ERROR "${name}: refused without saying \"${expected}\": ${error}")
  elseif(EXISTS ${WORK}/${name}/engine/a.c)
    message(FATAL_ERROR "${name}: refused, and left a file")
  endif()
endfunction()

set(head "about: x\nexpect: P1\nsuites: twins\nseeds: 1\nfile: engine/a.c\n")
plant(once "${head}--- find\n    return 1; /* [x]; \"\\\\\" */\n--- replace\n    return 2;\n--- end\n" TRUE
      "int one(void)\n{\n    return 2;\n}\nint two(void)\n{\n    return 1;\n}\n")
plant(removed "${head}--- find\n{\n    return 1;\n}\n--- replace\n--- end\n" TRUE
      "int one(void)\n{\n    return 1; /* [x]; \"\\\\\" */\n}\nint two(void)\n")
plant(twice_in_a_row "${head}--- find\nint two(void)\n--- replace\nint deux(void)\n--- end\nfile: engine/a.c\n--- find\nint deux(void)\n--- replace\nint zwei(void)\n--- end\n" TRUE
      "int one(void)\n{\n    return 1; /* [x]; \"\\\\\" */\n}\nint zwei(void)\n{\n    return 1;\n}\n")
plant(counted "${head}times: 2\n--- find\n(void)\n--- replace\n(int x)\n--- end\n" TRUE
      "int one(int x)\n{\n    return 1; /* [x]; \"\\\\\" */\n}\nint two(int x)\n{\n    return 1;\n}\n")
plant(moved "${head}--- find\n    return 3;\n--- replace\n    return 2;\n--- end\n" FALSE "found 0 time")
plant(ambiguous "${head}--- find\n{\n--- replace\n\n--- end\n" FALSE "expected 1 time.* found 2 time")
plant(unfinished "${head}--- find\n{\n" FALSE "is missing")
plant(left_over "${head}--- find\nint two(void)\n--- replace\nint deux(void)\n--- end\n--- find\nint one(void)\n--- replace\nint un(void)\n--- end\n" FALSE "after .--- end.: expected nothing more")
plant(strange "${head}often: 2\n--- find\n{\n--- replace\n--- end\n" FALSE "expected \"times: N\"")
file(REMOVE_RECURSE ${WORK})
