# Planted faults that a unit test must catch: each entry of a table is one (mutate.cmake has the
# format). It is compiled in front of the unchanged libraries into the unit test that `suites`
# names, and the test that `expect` names must fail (caught.sh).
#
# Built only on request (target assay_planted_NAME) and only as release: a fault is the same in every build.
include(${CMAKE_CURRENT_LIST_DIR}/mutate.cmake)

# assay_planted_wanted(out): whether this build plants faults.
function(assay_planted_wanted out)
  set(${out} ON PARENT_SCOPE)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR ASSAY_SANITIZE OR ASSAY_COVERAGE OR ASSAY_FUZZ
     OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    set(${out} OFF PARENT_SCOPE)
  endif()
endfunction()

# assay_planted_test(out entry folders suite expect): the one file of the folders that has the test. Thousands of
# entries name a few hundred files: each is read once.
function(assay_planted_test out entry folders suite expect)
  list(JOIN folders " " key)
  get_property(tests GLOBAL PROPERTY "assay_planted_files ${key} ${suite}")
  if(NOT tests)
    foreach(folder IN LISTS folders)
      set(unit ${PROJECT_SOURCE_DIR}/tests/unit/${folder})
      file(GLOB found ${unit}/test_${suite}.c ${unit}/*/test_${suite}.c)
      list(APPEND tests ${found})
    endforeach()
    set_property(GLOBAL PROPERTY "assay_planted_files ${key} ${suite}" ${tests})
  endif()
  foreach(test IN LISTS tests)
    get_property(cases GLOBAL PROPERTY "assay_planted_cases ${test}")
    if(NOT cases)
      file(STRINGS ${test} cases REGEX "^Test\\(")
      set_property(GLOBAL PROPERTY "assay_planted_cases ${test}" "${cases}")
    endif()
    if(cases MATCHES "(^|;)Test\\([a-z0-9_]+, ${expect}[,)]")
      set(${out} ${test} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  assay_mutant_fail(${entry} "no test_${suite}.c of ${folders} has a test ${expect}")
endfunction()

# assay_planted_objects(target links FILE...): objects that programs of one table share, each compiled once.
function(assay_planted_objects target links)
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${ARGN})
  target_compile_definitions(${target} PRIVATE ASSAY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${links} PkgConfig::CRITERION assay_options
                        assay_criterion_flags)
  target_compile_options(${target} PRIVATE -w -O0 -g0) # dev has compiled it with every warning
endfunction()

# assay_planted_suite(out name suite test links): the test's object, for all of its faults.
function(assay_planted_suite out name suite test links)
  get_filename_component(folder ${test} DIRECTORY)
  get_filename_component(folder ${folder} NAME) # two may have a suite of that name
  set(target planted_${name}_suite_${folder}_${suite})
  set(${out} ${target} PARENT_SCOPE)
  if(NOT TARGET ${target})
    assay_planted_objects(${target} "${links}" ${test})
  endif()
endfunction()

# assay_planted(NAME table TESTS folder of tests/unit... LINKS target... [SOURCES file...])
function(assay_planted)
  cmake_parse_arguments(arg "" "NAME" "TESTS;LINKS;SOURCES" ${ARGN})
  set(all assay_planted_${arg_NAME})
  set(built ${CMAKE_BINARY_DIR}/mutants/${arg_NAME})
  set(mutants ${PROJECT_SOURCE_DIR}/tests/mutants)
  add_custom_target(${all})
  assay_mutant_turns(${all})
  add_test(NAME planted_${arg_NAME}_build
           COMMAND sh ${mutants}/build.sh ${CMAKE_COMMAND} ${CMAKE_BINARY_DIR} ${all} ${built}/list)
  # One ninja at a time in one folder.
  set_tests_properties(planted_${arg_NAME}_build PROPERTIES LABELS "release;third" TIMEOUT 900
                       FIXTURES_SETUP planted_${arg_NAME} RESOURCE_LOCK build_folder)

  assay_mutant_table(${CMAKE_CURRENT_SOURCE_DIR}/${arg_NAME}.mutants ${built}/entries entries)
  set(helpers "") # what its tests are linked with
  if(arg_SOURCES)
    assay_planted_objects(planted_${arg_NAME}_helpers "${arg_LINKS}" ${arg_SOURCES})
    set(helpers $<TARGET_OBJECTS:planted_${arg_NAME}_helpers>)
  endif()
  set(place 0)
  set(lines "")
  foreach(entry IN LISTS entries)
    math(EXPR turn "${place} % 3")
    math(EXPR place "${place} + 1")
    get_filename_component(name ${entry} NAME_WE)
    file(READ ${entry} text)
    foreach(key about expect suites)
      assay_mutant_key(${entry} "${text}" ${key} ${key})
    endforeach()
    assay_planted_test(test ${entry} "${arg_TESTS}" ${suites} ${expect})
    assay_mutant_files(${entry} files)
    if(files MATCHES "\\.h(;|$)")
      assay_mutant_fail(${entry} "changes a header, which the test and the libraries would not see")
    endif()
    set(out ${built}/source/${name})
    list(TRANSFORM files PREPEND ${out}/ OUTPUT_VARIABLE planted)
    list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE sources)
    add_custom_command(OUTPUT ${planted}
      COMMAND ${CMAKE_COMMAND} -DENTRY=${entry} -DROOT=${PROJECT_SOURCE_DIR} -DOUT=${out}
              -P ${mutants}/mutate.cmake
      DEPENDS ${entry} ${sources} ${mutants}/mutate.cmake
      COMMENT "Planting ${name}")
    set(program planted_${arg_NAME}_${name})
    assay_planted_suite(suite ${arg_NAME} ${suites} ${test} "${arg_LINKS}")
    add_executable(${program} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${suite}> ${helpers} ${planted})
    set_target_properties(${program} PROPERTIES OUTPUT_NAME ${name}
                          RUNTIME_OUTPUT_DIRECTORY ${built})
    target_compile_definitions(${program} PRIVATE ASSAY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${program} PRIVATE ${arg_LINKS} assay_criterion assay_options
                          assay_criterion_flags assay_test_flags)
    # What a fault leaves unused is no finding; hundreds of programs that run once need no debugger.
    target_compile_options(${program} PRIVATE -w -O0 -g0)
    target_link_options(${program} PRIVATE LINKER:--strip-debug)
    add_dependencies(${all} ${program})
    add_dependencies(${all}_turn${turn} ${program})
    list(JOIN sources "\t" files)
    string(APPEND lines "${turn}\t${program}\t${entry}\t${files}\t${test}\n")
    add_test(NAME ${program} COMMAND sh ${mutants}/caught.sh ${expect} ${CMAKE_BINARY_DIR}/mutants/keys/${program}
                                     $<TARGET_FILE:${program}> --filter "*/${expect}" --timeout 240)
    set_tests_properties(${program} PROPERTIES LABELS "release;third${turn}" TIMEOUT 600 SKIP_RETURN_CODE 77
      FIXTURES_REQUIRED planted_${arg_NAME} ENVIRONMENT "${ASSAY_TEST_ENVIRONMENT}")
  endforeach()
  file(CONFIGURE OUTPUT ${built}/list CONTENT "${lines}" @ONLY)
endfunction()
