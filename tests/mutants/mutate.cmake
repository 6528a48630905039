# tests/mutants/mutate.cmake - tables of planted faults: reads them, and plants one entry.
#
# Included by CMakeLists.txt for its functions; as a script it writes the mutated files:
#   cmake -DENTRY=file -DROOT=source tree -DOUT=folder -P mutate.cmake
#
# A table, NAME.mutants, has comment lines and then entries, each after a line "=== NAME". An entry:
#   about: one sentence
#   expect: names of the checkers that may find it
#   suites: what is run, and
#   seeds: within how many seeds
# and for each place
#   file: path from the root
#   times: how often the text stands there (1 when left out)
#   --- find
#   the text, whole lines
#   --- replace
#   what takes its place
#   --- end

cmake_minimum_required(VERSION 3.25)

function(assay_mutant_fail entry message)
  message(FATAL_ERROR "mutant ${entry}: ${message}")
endfunction()

# assay_mutant_table(table folder out): the entries of a table, sorted by name, each as a file of the
# folder. A file is written only where its entry changed, so that nothing else is built again.
function(assay_mutant_table table folder out)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
  file(READ ${table} text)
  string(FIND "${text}" "\n=== " at)
  set(entries "")
  while(NOT at EQUAL -1)
    math(EXPR at "${at} + 5")
    string(SUBSTRING "${text}" ${at} -1 text)
    string(FIND "${text}" "\n" end)
    string(SUBSTRING "${text}" 0 ${end} name)
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${text}" ${end} -1 text)
    string(FIND "${text}" "\n=== " at)
    string(SUBSTRING "${text}" 0 ${at} entry)
    if(NOT name MATCHES "^[a-z0-9-]+$" OR ${folder}/${name}.mutant IN_LIST entries)
      assay_mutant_fail(${table} "\"=== ${name}\": expected a name that no other entry has")
    endif()
    if(NOT at EQUAL -1) # the blank line before the next one
      string(REGEX REPLACE "\n$" "" entry "${entry}")
      string(APPEND entry "\n")
    endif()
    set(file ${folder}/${name}.mutant)
    set(written "")
    if(EXISTS ${file})
      file(READ ${file} written)
    endif()
    if(NOT written STREQUAL entry)
      file(WRITE ${file} "${entry}")
    endif()
    list(APPEND entries ${file})
  endwhile()
  if(NOT entries)
    assay_mutant_fail(${table} "has no entry: expected lines \"=== NAME\"")
  endif()
  set(${out} "${entries}" PARENT_SCOPE)
endfunction()

# assay_mutant_key(text key out): the value behind "key:" at the start of a line.
function(assay_mutant_key entry text key out)
  if(NOT "\n${text}" MATCHES "\n${key}: ([^\n]+)\n")
    assay_mutant_fail(${entry} "has no line \"${key}: ...\"")
  endif()
  set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

# assay_mutant_files(entry out): which files an entry changes, each once.
function(assay_mutant_files entry out)
  file(STRINGS ${entry} lines REGEX "^file: ")
  set(files "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^file: " "" path "${line}")
    list(APPEND files ${path})
  endforeach()
  list(REMOVE_DUPLICATES files)
  if(NOT files)
    assay_mutant_fail(${entry} "names no file")
  endif()
  set(${out} "${files}" PARENT_SCOPE)
endfunction()

# Everything between two lines of a text. rest: what follows the second one.
function(assay_mutant_between entry text first second out rest)
  string(FIND "${text}" "${first}" at)
  if(at EQUAL -1)
    assay_mutant_fail(${entry} "a line \"${first}\" is missing")
  endif()
  string(LENGTH "${first}" len)
  math(EXPR at "${at} + ${len}")
  string(SUBSTRING "${text}" ${at} -1 text)
  string(FIND "${text}" "${second}" end)
  if(end EQUAL -1)
    assay_mutant_fail(${entry} "a line \"${second}\" is missing")
  endif()
  string(SUBSTRING "${text}" 0 ${end} found)
  string(SUBSTRING "${text}" ${end} -1 text)
  set(${out} "${found}" PARENT_SCOPE)
  set(${rest} "${text}" PARENT_SCOPE)
endfunction()

function(assay_mutant_count text what out)
  set(count 0)
  string(LENGTH "${what}" len)
  while(TRUE)
    string(FIND "${text}" "${what}" at)
    if(at EQUAL -1)
      break()
    endif()
    math(EXPR count "${count} + 1")
    math(EXPR at "${at} + ${len}")
    string(SUBSTRING "${text}" ${at} -1 text)
  endwhile()
  set(${out} ${count} PARENT_SCOPE)
endfunction()

function(assay_mutant_apply entry root out)
  file(READ ${entry} text)
  while(text MATCHES "\nfile: ([^\n]+)\n")
    set(path "${CMAKE_MATCH_1}")
    assay_mutant_between(${entry} "${text}" "\nfile: ${path}\n" "--- find\n" head text)
    set(times 1)
    if(head MATCHES "^times: ([0-9]+)\n$")
      set(times ${CMAKE_MATCH_1})
    elseif(NOT head STREQUAL "")
      assay_mutant_fail(${entry} "between file and find: expected \"times: N\", found \"${head}\"")
    endif()
    assay_mutant_between(${entry} "${text}" "--- find\n" "--- replace\n" find text)
    assay_mutant_between(${entry} "${text}" "--- replace\n" "--- end\n" replace text)
    if(NOT text MATCHES "^--- end\n(file: |$)") # else it would be left out without a word
      assay_mutant_fail(${entry} "after \"--- end\": expected nothing more, or \"file: PATH\"")
    endif()
    if(find STREQUAL "")
      assay_mutant_fail(${entry} "nothing to find in ${path}")
    endif()
    set(source ${root}/${path})
    if(EXISTS ${out}/${path}.part)
      set(source ${out}/${path}.part)
    endif()
    file(READ ${source} content)
    assay_mutant_count("${content}" "${find}" count)
    if(NOT count EQUAL times)
      assay_mutant_fail(${entry}
        "expected ${times} time(s) in ${path}, found ${count} time(s):\n${find}The file has changed: give the entry its new words.")
    endif()
    string(REPLACE "${find}" "${replace}" content "${content}")
    file(WRITE ${out}/${path}.part "${content}")
    list(APPEND written ${path})
  endwhile()
  list(REMOVE_DUPLICATES written)
  foreach(path IN LISTS written)
    file(RENAME ${out}/${path}.part ${out}/${path})
    file(TOUCH ${out}/${path})
  endforeach()
endfunction()

# assay_mutant_turns(all): targets all_turn0 to all_turn2, for a third of the faults each (build.sh). A
# program of place p has turn p % 3, and its test the label turnN, or thirdN where caught.sh keeps records.
function(assay_mutant_turns all)
  foreach(turn RANGE 2)
    add_custom_target(${all}_turn${turn})
  endforeach()
endfunction()

if(DEFINED ENTRY)
  # What an earlier form of the entry wrote would still be found before the sources.
  file(REMOVE_RECURSE ${OUT})
  assay_mutant_apply(${ENTRY} ${ROOT} ${OUT})
endif()
