# assay_public_library(NAME ...): a library for users, shared and static, from archives of the tree.
#
#   PARTS      archives; objects that the functions of the map need are joined to one, and all other names in it become
#              local. Neither a static nor a shared user can meet them
#   WEAK       functions that several libraries have: a static program may use several
#   ON         another library of this kind
#   LINKS, LIBRARIES, PACKAGES, FLAGS   what it needs: targets; names for a static link; the same for pkg-config
#   DESCRIPTION  of NAME.pc
#
# Makes NAME_shared and NAME_static (_ for -), exports what cmake/libNAME.map lists, and installs the shared library as
# component `library...` (for assay-standing: library-standing), the rest as part of the component dev.
# GNU ld: another linker does not join archives alone.
find_program(ASSAY_JOIN NAMES ld.bfd ld REQUIRED)
function(assay_public_library name)
  cmake_parse_arguments(it "" "ON;PACKAGES;DESCRIPTION;FLAGS" "PARTS;LIBRARIES;LINKS;WEAK" ${ARGN})
  string(REPLACE "-" "_" target ${name})
  set(map ${CMAKE_SOURCE_DIR}/cmake/lib${name}.map)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${map})
  file(STRINGS ${map} symbols REGEX "^ +assay_")
  list(TRANSFORM symbols REPLACE "^ *(assay_[a-z0-9_]+);.*" "-u;\\1")
  set(joined ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  set(archives ${it_PARTS})
  list(TRANSFORM archives REPLACE "(.+)" "$<TARGET_FILE:\\1>")
  set(weak ${it_WEAK})
  list(TRANSFORM weak PREPEND "--weaken-symbol=")
  add_custom_command(OUTPUT ${joined}
    COMMAND ${ASSAY_JOIN} -r ${symbols} --start-group ${archives} --end-group -o ${joined}.all
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${weak} ${joined}.all ${joined}
    COMMAND ${CMAKE_COMMAND} -E rm ${joined}.all
    DEPENDS ${it_PARTS} ${map}
    COMMENT "Joining lib${name}" VERBATIM)
  set_source_files_properties(${joined} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

  add_library(${target}_shared SHARED ${joined})
  # Before 1.0 every minor version may change the interface: it is part of the SONAME.
  set_target_properties(${target}_shared PROPERTIES
    LINKER_LANGUAGE C OUTPUT_NAME ${name}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LINK_DEPENDS ${map})
  # No flag that forbids dlopen: bindings of other languages load the library at run time.
  target_link_options(${target}_shared PRIVATE LINKER:--version-script=${map} LINKER:--no-undefined-version
    LINKER:-z,relro,-z,now,-z,noexecstack LINKER:--as-needed)
  if(ASSAY_SANITIZE)
    target_link_options(${target}_shared PRIVATE -fsanitize=${ASSAY_SANITIZE})
  else()
    target_link_options(${target}_shared PRIVATE LINKER:-z,defs)
  endif()
  if(ASSAY_COVERAGE)
    target_link_options(${target}_shared PRIVATE --coverage)
  endif()
  add_library(${target}_static STATIC ${joined})
  set_target_properties(${target}_static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME ${name})
  target_link_libraries(${target}_shared PRIVATE ${it_LINKS})
  target_link_libraries(${target}_static INTERFACE ${it_LIBRARIES})
  if(it_ON)
    string(REPLACE "-" "_" on ${it_ON})
    target_link_libraries(${target}_shared PUBLIC ${on}_shared)
    target_link_libraries(${target}_static INTERFACE ${on}_static)
  endif()
  foreach(kind shared static)
    add_dependencies(${target}_${kind} ${it_PARTS} assay_public_header)
    target_include_directories(${target}_${kind} INTERFACE
      $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  endforeach()
  add_dependencies(assay_tools ${target}_shared ${target}_static)

  # find_package(assay): assay::assay, assay::standing ..., each also with _static behind it.
  string(REPLACE "assay-" "" short ${name})
  set_target_properties(${target}_shared PROPERTIES EXPORT_NAME ${short})
  set_target_properties(${target}_static PROPERTIES EXPORT_NAME ${short}_static)
  string(REPLACE "assay" "library" component ${name})
  install(TARGETS ${target}_shared ${target}_static EXPORT assay-targets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component} NAMELINK_COMPONENT dev
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)

  file(RELATIVE_PATH up_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /) # so that the prefix can move
  configure_file(${CMAKE_SOURCE_DIR}/cmake/assay.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endfunction()
