# net/evm/contract.cmake - contract.json as tables in C: cmake -DIN=contract.json -DOUT=code.c -P contract.cmake
file(READ ${IN} json)

function(bytes_of contract key symbol)
  string(JSON hex GET "${json}" ${contract} ${key})
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(APPEND ${OUT} "static const uint8_t ${symbol}[] = { ${bytes} };\n")
endfunction()

file(WRITE ${OUT} "#include \"net/evm/contract.h\"\n\n")
foreach(pair AssayAnchor:anchor AssayTasks:tasks)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 contract)
  list(GET pair 1 name)
  bytes_of(${contract} bytecode ${name}_creation)
  bytes_of(${contract} runtime ${name}_runtime)
  string(JSON count LENGTH "${json}" ${contract} immutables)
  math(EXPR last "${count} - 1")
  set(rows "")
  foreach(i RANGE ${last})
    string(JSON places GET "${json}" ${contract} immutables ${i})
    string(REGEX REPLACE "[][ \n]" "" places "${places}")
    file(APPEND ${OUT} "static const uint16_t ${name}_places_${i}[] = { ${places} };\n")
    string(APPEND rows
      " { ${name}_places_${i}, sizeof ${name}_places_${i} / sizeof *${name}_places_${i} },")
  endforeach()
  file(APPEND ${OUT} "static const struct assay_evm_immutable ${name}_immutables[] = {${rows} };\n"
    "const struct assay_evm_contract assay_evm_contract_${name} = {\n"
    "    .creation = { ${name}_creation, sizeof ${name}_creation },\n"
    "    .runtime = { ${name}_runtime, sizeof ${name}_runtime },\n"
    "    .immutable = ${name}_immutables,\n"
    "    .immutable_count = ${count},\n};\n\n")
endforeach()
