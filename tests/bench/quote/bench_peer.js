// tests/bench/quote/bench_peer.js - one round of @phala/dcap-qvl for bench_peer.c: prints the microseconds of
// one full verification of the quote in a folder of vectors.
//
// usage: node bench_peer.js FOLDER TIME COUNT
'use strict';

const fs = require('fs');
const path = require('path');
const { load, collateralOf } = require('../../differential/peer.js');

const [folder, at, count] = process.argv.slice(2);
const root = path.join(__dirname, '..', '..', '..');
const { peer } = load(process.env.ASSAY_PEER || path.join(root, 'build', 'differential'));
const read = (name) => fs.readFileSync(path.join(folder, name));
const parts = { quote: read('quote.bin'), tcbInfo: read('tcb_info.json'), qeIdentity: read('qe_identity.json'),
    rootCrl: read('root_crl.der'), pckCrl: read('pck_crl.der'), pckChain: read('pck_chain.pem'),
    tcbChain: read('tcb_signing_chain.pem'), qeChain: read('qe_signing_chain.pem') };
const collateral = collateralOf(parts);
const seconds = Date.parse(at) / 1000;

// Of the processor, all threads together.
function times(n) {
    const start = process.cpuUsage();
    for (let i = 0; i < n; i++) peer.verify(parts.quote, collateral, seconds);
    const used = process.cpuUsage(start);
    return (used.user + used.system) / n;
}

times(Number(count)); // the compiler of JavaScript warms up
console.log(times(Number(count)).toFixed(2));
