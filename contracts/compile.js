'use strict';
// contracts/compile.js - compiles the contracts and writes, or compares, contract.json.
//
// usage: node compile.js MODULES [--write]      MODULES: a node_modules with solc, the version of contract.json
//
// Exit status 1 when a byte differs from what is committed.

const fs = require('fs');
const path = require('path');

const here = __dirname;
const file = path.join(here, 'contract.json');
const names = ['AssayAnchor', 'AssayTasks'];
const solc = require(path.join(path.resolve(process.argv[2]), 'solc'));

const settings = {
    optimizer: { enabled: true, runs: 10000 },
    viaIR: true,
    evmVersion: 'cancun',
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
};

function compile() {
    const sources = {};
    for (const name of fs.readdirSync(here).filter((f) => f.endsWith('.sol')))
        sources[name] = { content: fs.readFileSync(path.join(here, name), 'utf8') };
    const input = {
        language: 'Solidity',
        sources,
        settings: {
            ...settings,
            outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode'] } },
        },
    };
    const output = JSON.parse(solc.compile(JSON.stringify(input)));
    const bad = output.errors || [];
    for (const error of bad) console.error(error.formattedMessage);
    if (bad.length > 0) process.exit(1);
    const made = { compiler: solc.version(), settings };
    for (const name of names) {
        const { abi, evm } = output.contracts[name + '.sol'][name];
        const places = Object.values(evm.deployedBytecode.immutableReferences);
        made[name] = {
            abi,
            bytecode: evm.bytecode.object,
            runtime: evm.deployedBytecode.object,
            // Of each immutable, in the order of its declaration, where its 32 bytes stand in the code.
            immutables: places.map((list) => list.map((place) => place.start)),
        };
    }
    return JSON.stringify(made, null, 1) + '\n';
}

const made = compile();
if (process.argv[3] === '--write') {
    fs.writeFileSync(file, made);
} else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== made) {
    console.error('contracts: contract.json is not what the sources compile to (node compile.js MODULES --write)');
    process.exit(1);
}
