// tests/differential/peer.js - one shard: cases from assay-differential, the peer's answer to each, and what
// the classifier says of the two (classes.js). One line of JSON for each case goes to a file, so that a run
// that was stopped goes on where it stood.
//
// usage: node peer.js PROGRAM PEER_FOLDER BASES SEED FROM TO STEP OUTPUT
'use strict';

const fs = require('fs');
const path = require('path');
const { spawn } = require('child_process');
const { classify } = require('./classes.js');
const { pem } = require('./text.js');

const PARTS = ['root', 'quote', 'tcbInfo', 'qeIdentity', 'rootCrl', 'pckCrl', 'pckChain', 'tcbChain', 'qeChain'];

// --- the peer
// What its own fetcher makes of the answers of a PCS (its collateral.js), but for one thing: it signs off
// on JSON.stringify of what it parsed, and here it gets the very bytes that the document has, so that both
// verifiers see the same. Of a member that stands twice JSON.parse takes the last.
function member(text, name) {
    const parsed = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !(name in parsed)) throw new Error(`no ${name}`);
    if (typeof parsed.signature !== 'string') throw new Error('no signature');
    let at = -1;
    let depth = 0;
    for (let i = 0; i < text.length; i++) {
        if (text[i] === '"') {
            const start = i;
            for (i += 1; text[i] !== '"'; i++) if (text[i] === '\\') i += 1;
            if (depth !== 1) continue;
            const colon = /[ \t\r\n]*:[ \t\r\n]*/y;
            colon.lastIndex = i + 1;
            if (colon.test(text) && JSON.parse(text.slice(start, i + 1)) === name) at = colon.lastIndex;
        } else if ('{['.includes(text[i])) depth += 1;
        else if ('}]'.includes(text[i])) depth -= 1;
    }
    let end = at;
    depth = 0;
    for (;; end++) {
        if (text[end] === '"') for (end += 1; text[end] !== '"'; end++) { if (text[end] === '\\') end += 1; }
        else if ('{['.includes(text[end])) depth += 1;
        else if (depth === 0 && (text[end] === ',' || text[end] === '}')) break;
        else if ('}]'.includes(text[end])) depth -= 1;
        if (depth === 0 && '}]"'.includes(text[end])) { end += 1; break; }
    }
    return { raw: text.slice(at, end).trimEnd(), signature: parsed.signature };
}

function collateralOf(c) {
    const info = member(c.tcbInfo.toString('utf8'), 'tcbInfo');
    const qe = member(c.qeIdentity.toString('utf8'), 'enclaveIdentity');
    return {
        pck_crl_issuer_chain: c.pckChain.toString('latin1'),
        root_ca_crl: c.rootCrl.toString('hex'),
        pck_crl: c.pckCrl.toString('hex'),
        tcb_info_issuer_chain: c.tcbChain.toString('latin1'),
        tcb_info: info.raw,
        tcb_info_signature: info.signature,
        qe_identity_issuer_chain: (c.qeChain.length > 0 ? c.qeChain : c.tcbChain).toString('latin1'),
        qe_identity: qe.raw,
        qe_identity_signature: qe.signature,
        pck_certificate_chain: null, // the one in the quote, as ours takes it
    };
}

function ask(peer, c) {
    try {
        const verifier = c.root.length > 0 ? peer.QuoteVerifier.newWithRootCa(c.root) : peer.QuoteVerifier.newProd();
        const report = verifier.verify(c.quote, collateralOf(c), c.at);
        return { ok: true, status: report.status, advisories: [...new Set(report.advisory_ids)].sort() };
    } catch (e) {
        return { ok: false, error: String(e.message).slice(0, 120) };
    }
}

// --- frames
async function* frames(stream) {
    let rest = Buffer.alloc(0);
    let head = null;
    let need = 0;
    for await (const chunk of stream) {
        rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
        for (;;) {
            if (head === null) {
                const line = rest.indexOf(10);
                if (line < 0) break;
                head = JSON.parse(rest.subarray(0, line).toString('latin1'));
                need = head.len.reduce((a, b) => a + b, 0);
                rest = rest.subarray(line + 1);
            }
            if (rest.length < need) break;
            let at = 0;
            PARTS.forEach((name, i) => {
                head[name] = rest.subarray(at, at + head.len[i]);
                at += head.len[i];
            });
            rest = rest.subarray(need);
            const one = head;
            head = null;
            yield one;
        }
    }
    if (head !== null || rest.length > 0) throw new Error('the program stopped within a case');
}

function load(folder) {
    const peer = require(path.join(folder, 'node_modules', '@phala', 'dcap-qvl'));
    const constants = require(path.join(folder, 'node_modules', '@phala', 'dcap-qvl', 'src', 'constants.js'));
    return { peer, vendorRoot: constants.TRUSTED_ROOT_CA_DER };
}

async function main(args) {
    const [program, folder, bases, seed, from, to, step, output] = args;
    const { peer, vendorRoot } = load(folder);
    const maker = spawn(program, ['--bases', bases, '--seed', seed, '--from', from, '--to', to, '--step', step],
        { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve, reject) => {
        maker.on('error', reject);
        maker.on('close', resolve);
    });
    const out = fs.openSync(output, 'a');
    let done = 0;
    for await (const c of frames(maker.stdout)) {
        const theirs = ask(peer, c);
        const line = classify(c, theirs, c.root.length > 0 ? c.root : vendorRoot);
        fs.writeSync(out, JSON.stringify(line) + '\n');
        done += 1;
        if (process.send && done % 25 === 0) process.send({ done });
    }
    fs.closeSync(out);
    const code = await ended;
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
    if (process.send) {
        process.send({ done });
        process.disconnect();
    }
}

module.exports = { collateralOf, load, ask, pem };
if (require.main === module)
    main(process.argv.slice(2)).catch((e) => {
        console.error(e.message);
        process.exit(1);
    });
