# What `cmake --install BUILD --prefix PREFIX` puts where, by component (docs/packages.md): daemon,
# command, simulator, page, docs, demo. Those of the libraries (library, library-policy, library-standing, library-permit, library-keys,
# library-continuity, library-sqlite, dev, python, go, rust) stand in quote/api/CMakeLists.txt, what systemd reads in packaging/systemd. The packages of packaging/ hold the same files.
if(ASSAY_FUZZ)
  return()
endif()

foreach(pair assayd:daemon assay-enclave:daemon assay-executor:daemon assay-holder:daemon assay-replica:daemon assay-signer:daemon
        assay:command assay-sim:simulator assay-demo:demo)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 program)
  list(GET pair 1 component)
  if(NOT TARGET ${program}) # a part that was left out (ASSAY_WITH_...)
    continue()
  endif()
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
endforeach()

# Processes of assayd, and the demo's cast: not among the programs of users.
install(TARGETS assay-verifier assay-transport
        RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/assay COMPONENT daemon)
if(TARGET assay-demo)
  install(TARGETS assay-demo-enclave assay-demo-hand assayd-byzantine assay-signer-lying assay-stranger
                  assay-enclave-tampered clock_shim
          RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/assay COMPONENT demo
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/assay COMPONENT demo)
endif()

# What assay prints about its own commands: completions, its manual, and in commands/ a page for each.
set(printed ${PROJECT_BINARY_DIR}/printed)
add_custom_command(
  OUTPUT ${printed}/assay.bash ${printed}/_assay ${printed}/assay.fish ${printed}/assay.1
  COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/assay_pages.sh $<TARGET_FILE:assay> ${PROJECT_SOURCE_DIR}/docs/man/assay.1
          ${printed}
  DEPENDS assay ${PROJECT_SOURCE_DIR}/cmake/assay_pages.sh ${PROJECT_SOURCE_DIR}/docs/man/assay.1
  VERBATIM)
add_custom_target(assay_pages ALL DEPENDS ${printed}/assay.1)

# A manual goes with the program that it describes; what is new and nobody's is the command line's.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.[1-8])
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  string(REGEX MATCH "[1-8]$" section ${name})
  string(REGEX REPLACE "[.][1-8]$" "" program ${name})
  if(program MATCHES "^assay-(executor|holder|replica|signer|sim|demo)$" AND NOT TARGET ${program})
    continue()
  endif()
  if(name STREQUAL "assay.1")
    set(page ${printed}/assay.1)
  endif()
  if(name MATCHES "^assayd|^assay-(enclave|executor|holder|replica|signer)")
    set(component daemon)
  elseif(name MATCHES "^assay-sim")
    set(component simulator)
  elseif(name MATCHES "^assay-demo")
    set(component demo)
  elseif(section EQUAL 3)
    set(component dev)
  else()
    set(component command)
  endif()
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endforeach()

install(DIRECTORY ${printed}/commands/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)

install(FILES ${printed}/assay.bash RENAME assay
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT command)
install(FILES ${printed}/_assay
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT command)
install(FILES ${printed}/assay.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT command)

# What reads a program's help goes with the program, under its name: shells look for that.
foreach(pair assayd:daemon assay-enclave:daemon assay-executor:daemon assay-holder:daemon assay-replica:daemon assay-signer:daemon
        assay-sim:simulator assay-demo:demo)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 program)
  list(GET pair 1 component)
  if(NOT TARGET ${program})
    continue()
  endif()
  install(FILES ${PROJECT_SOURCE_DIR}/completions/programs.bash RENAME ${program}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT ${component})
  install(FILES ${PROJECT_SOURCE_DIR}/completions/_programs RENAME _${program}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT ${component})
  install(FILES ${PROJECT_SOURCE_DIR}/completions/programs.fish RENAME ${program}.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT ${component})
endforeach()

# The page as a file, for a web server in front of nodes; what watches them; the contract of HTTP.
set(shared ${CMAKE_INSTALL_DATADIR}/assay)
install(FILES ${PROJECT_BINARY_DIR}/web/page/index.html DESTINATION ${shared}/page COMPONENT page)
install(FILES ${PROJECT_SOURCE_DIR}/web/vendor/uplot/LICENSE DESTINATION ${shared}/page
        RENAME LICENSE.uPlot COMPONENT page)
install(FILES ${PROJECT_SOURCE_DIR}/docs/monitoring/alerts.yml ${PROJECT_SOURCE_DIR}/docs/monitoring/dashboard.json
              ${PROJECT_SOURCE_DIR}/docs/monitoring/prometheus.yml
        DESTINATION ${shared}/monitoring COMPONENT page)
install(FILES ${PROJECT_SOURCE_DIR}/docs/openapi.json DESTINATION ${shared} COMPONENT page)

# What asks a node for HAProxy (docs/http.md 7).
install(FILES ${PROJECT_SOURCE_DIR}/packaging/haproxy/assay.lua DESTINATION ${shared} RENAME haproxy.lua COMPONENT command)

# Pages for readers, with README's links intact; examples beside them.
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
              ${PROJECT_SOURCE_DIR}/SECURITY.md ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs
        PATTERN man EXCLUDE PATTERN monitoring EXCLUDE PATTERN openapi.json EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev
        PATTERN CMakeLists.txt EXCLUDE)
