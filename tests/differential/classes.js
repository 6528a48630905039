// tests/differential/classes.js - puts every disagreement into a class that docs/differential.md explains.
//
// A case has three answers: ours, the peer's, and that of the rules (rules.js). kind:
//   A  we accept, it refuses        B  we refuse, it accepts
//   C  both accept, with another TCB status or other advisories
//   V  the peer agrees with us, the rules do not
// who: "ours" is right, "peer" is right, it is a "choice" that either may make, or a "defect" of ours that is
// known. What fits no class is "unexplained", and what we accept against peer and rules is "forbidden": either
// fails the run.
'use strict';

const { judge } = require('./rules.js');
const { Malformed, pem: readPem } = require('./text.js');

// For what a case looks like, a text that is none has no certificates.
function pem(bytes) {
    try {
        return readPem(bytes);
    } catch (e) {
        if (!(e instanceof Malformed)) throw e;
        return { ders: [], strict: false };
    }
}

const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

// --- what the peer is known to do
// Its own regular expression: a certificate that it does not see is not in the chain.
const seenByPeer = (bytes) => [...bytes.toString('utf8').matchAll(
    /-----BEGIN CERTIFICATE-----\r?\n?([A-Za-z0-9+\/=\r\n]+)\r?\n?-----END CERTIFICATE-----/g)].length;

const SEVERITY = ['UpToDate', 'SWHardeningNeeded', 'ConfigurationNeeded', 'ConfigurationAndSWHardeningNeeded',
    'OutOfDate', 'OutOfDateConfigurationNeeded', 'Revoked'];

// Its evaluation: CPUSVN as one string, all 16 components of TDX, no modules, the worse of two statuses.
function peerTcb(r) {
    const { q, info, qe, chain } = r;
    const svn = q.isTdx ? q.body.subarray(0, 16) : null;
    const level = info.levels.find((one) => chain.sgx.pcesvn >= one.pcesvn &&
        one.sgx.every((need, i) => chain.sgx.cpusvn[i] >= need) &&
        (!svn || one.tdx.every((need, i) => svn[i] >= need)));
    if (!level) return null;
    const qeLevel = qe.levels.find((one) => q.qeReport.readUInt16LE(258) >= one.isvsvn);
    if (!qeLevel) return null;
    const worse = SEVERITY.indexOf(qeLevel.status) > SEVERITY.indexOf(level.status);
    return { level, status: worse ? qeLevel.status : level.status,
        advisories: [...new Set([...level.advisories, ...qeLevel.advisories])].sort() };
}

// --- A: each says with what error, and what in the case shows that this is the reason
const inOrder = (r) => {
    const ders = pem(r.q.cert).ders;
    return ders[0].equals(r.chain.pck.der) && ders[1].equals(r.chain.ca.der);
};
const signerChains = (c) => [c.tcbChain, c.qeChain.length > 0 ? c.qeChain : c.tcbChain];
const CHAIN_ERRORS = /CaUsedAsEndEntity|signature invalid|too short|Failed to extract|expired or not yet/;
const A = [
    { id: 'relaunch', who: 'ours', error: /No matching TCB level|TCB status is invalid/,
        shows: (c, r) => r.tcb.launch !== undefined && [undefined, 'Revoked'].includes(peerTcb(r)?.status) },
    { id: 'tcb-info-version-2', who: 'ours', error: /decode TcbInfo/, shows: (c, r) => r.info.version === 2 },
    { id: 'module-svn', who: 'ours', error: /No matching TCB level/,
        shows: (c, r) => r.q.isTdx && r.q.body[1] > 0 && peerTcb(r) === null },
    { id: 'cpusvn-octets', who: 'ours', error: /No matching TCB level|TCB status is invalid/,
        shows: (c, r) => [undefined, 'Revoked'].includes(peerTcb(r)?.status) &&
            !same([...r.chain.sgx.cpusvn], r.chain.sgx.components) },
    { id: 'platform-against-module', who: 'ours', error: /TCB status is invalid/,
        shows: (c, r) => r.q.isTdx && r.q.body[1] > 0 && peerTcb(r)?.status === 'Revoked' },
    { id: 'td-attributes', who: 'choice', error: /Reserved bits in TD|SEPT_VE_DISABLE|mr service td/,
        shows: (c, r) => r.q.isTdx },
    { id: 'qe-authentication-length', who: 'ours', error: /QE report hash mismatch/,
        shows: (c, r) => r.q.auth.length !== 32 },
    { id: 'sgx-beyond-version-3', who: 'ours', error: /SGX TEE quote must have version 3/,
        shows: (c, r) => !r.q.isTdx && r.q.version > 3 },
    { id: 'serial-in-another-list', who: 'ours', error: /Certificate is revoked/,
        shows: (c, r) => r.rootCrl.revoked.has(r.chain.pck.serial) || r.pckCrl.revoked.has(r.chain.ca.serial) },
    { id: 'pem-blanks', who: 'ours', error: CHAIN_ERRORS,
        shows: (c, r) => [r.q.cert, ...signerChains(c)].some((text) => seenByPeer(text) < pem(text).ders.length) },
    { id: 'chain-order', who: 'ours', error: CHAIN_ERRORS, shows: (c, r) => !inOrder(r) },
    // The trusted key is a parameter of both; a root certificate beside the signer adds nothing to it.
    { id: 'root-beside-signer', who: 'ours', error: CHAIN_ERRORS,
        shows: (c, r) => signerChains(c).some((text) => r.rootIsDecoration(text)) },
];

// --- B: rules that the peer does not apply
const B = {
    'format': 'lengths', 'cert-type': 'lengths',
    'qe-vendor': 'qe-vendor', 'ak-binding-tail': 'qe-report-data-tail',
    'chain-format': 'certificate-form', 'tcb-signer-chain-format': 'certificate-form',
    'qe-signer-chain-format': 'certificate-form',
    'chain-constraints': 'certificate-use', 'tcb-signer-chain': 'certificate-use',
    'qe-signer-chain': 'certificate-use',
    'root-crl-format': 'crl', 'root-crl-signature': 'crl', 'root-crl-issuer': 'crl', 'root-crl-time': 'crl',
    'root-crl-missing': 'crl', 'pck-crl-format': 'crl', 'pck-crl-signature': 'crl', 'pck-crl-issuer': 'crl',
    'pck-crl-time': 'crl', 'pck-crl-missing': 'crl',
    'pceid': 'pceid', 'tcb-info-format': 'json', 'qe-identity-format': 'json',
    'qe-attributes': 'expected-outside-mask', 'qe-miscselect': 'expected-outside-mask',
    'module-identity': 'tdx-module', 'module-attributes': 'tdx-module',
};

const STRICTER = [
    { id: 'kind-not-built', who: 'unbuilt',
        shows: (c, r) => c.ours.status === 'ASSAY_E_UNSUPPORTED' && r.q && c.built === false },
    // The chain in the collateral is there to check a list early; it cannot be read, and the rules need it not.
    { id: 'pck-chain-part', who: 'choice', shows: (c) => c.ours.reasons.some((x) => x[1] === 'PCK chain') },
    // X.690 10.1: lengths in their one form; refused where ours reads DER by itself.
    { id: 'der-strict', who: 'choice', shows: (c, r) => r.longLength &&
        /-format$/.test(c.ours.reasons[0]?.[0] || '') },
    // Ours does not read a document with such a status, whichever level is reached.
    { id: 'level-status', who: 'choice', shows: (c, r) => oddStatus(r) &&
        c.ours.reasons[0]?.[0] === 'collateral-format' },
    // {"\u0073ignature": ...}: ours takes the names around the signed bytes as they are written.
    { id: 'escaped-name', who: 'choice', shows: (c) => c.ours.reasons[0]?.[0] === 'collateral-format' &&
        [c.tcbInfo, c.qeIdentity].some((text) => /"[^"]*\\u[^"]*"\s*:/.test(text.toString('latin1'))) },
    // RFC 7468 2 and 3.5 of RFC 4648 let a reader be lenient; ours takes nothing beside the certificates.
    { id: 'pem-strict', who: 'choice', shows: (c, r) => r.q && /-format$/.test(c.ours.reasons[0]?.[0] || '') &&
        [r.q.cert, c.tcbChain, c.qeChain, c.pckChain].some((text) => !pem(text).strict) },
];

// --- C
function causeOfC(c, r, theirs) {
    const { at, qeLevel } = r.tcb;
    const peer = peerTcb(r);
    if (!peer || peer.status !== theirs.status || !same(peer.advisories, theirs.advisories)) return null;
    const svn = r.q.isTdx ? r.q.body.subarray(0, 16) : null;
    const fits = (one) => chainFits(r.chain.sgx, one) &&
        (!svn || one.tdx.every((need, i) => (i < 2 && svn[1] > 0) || svn[i] >= need));
    if (peer.level !== r.info.levels.find(fits)) {
        const apart = !same([...r.chain.sgx.cpusvn], r.chain.sgx.components);
        return apart ? 'cpusvn-octets' : 'module-svn';
    }
    if (svn && svn[1] > 0 && (at.module !== 'UpToDate' || !same(r.tcb.advisories, theirs.advisories)))
        return 'module-level';
    if (qeLevel.status !== 'UpToDate') return 'convergence';
    return null;
}
const chainFits = (sgx, level) => level.sgx.every((need, i) => sgx.components[i] >= need) &&
    sgx.pcesvn >= level.pcesvn;

// --- defects of ours that are known (docs/differential.md, "Defects found")
// Each: { id, shows: (c, r) => boolean }. None stands at present.
const DEFECTS = [].map((one) => ({ ...one, who: 'defect' }));
// 4.1.2.5.18: of modules there is up to date, out of date and revoked; of enclaves no hardening either.
const oddStatus = (r) => [...(r.qe?.levels || []).filter((one) => /Hardening/.test(one.status)),
    ...(r.info?.modules || []).flatMap((one) => one.levels)
        .filter((one) => !/^(UpToDate|OutOfDate|Revoked)$/.test(one.status))].length > 0;

// Levels that the peer does not see: of components that are not those of CPUSVN, of the module, and of the
// SVN under which a TD 1.5 runs now.
function levelUnseen(r) {
    if (!/not-supported|tcb-revoked/.test(r.broken[0])) return null;
    if (!same([...r.chain.sgx.cpusvn], r.chain.sgx.components)) return 'cpusvn-octets';
    if (!r.q.isTdx) return null;
    if (r.q.body[1] > 0) return 'module-level';
    return r.q.bodyType >= 3 ? 'second-svn' : null;
}

// --- the three answers
function explain(c, theirs, r, kind) {
    const ours = c.ours;
    const defect = DEFECTS.find((one) => one.shows(c, r));
    if (kind === 'A') {
        if (!r.accepts) return defect || { id: 'forbidden', who: 'defect', fails: true };
        return A.find((one) => one.error.test(theirs.error) && one.shows(c, r));
    }
    if (kind === 'B') {
        if (oddStatus(r) && same(r.broken, ['not-supported'])) return { id: 'level-status', who: 'ours' };
        if (r.accepts) return STRICTER.find((one) => one.shows(c, r)) || defect;
        const rule = r.broken.find((name) => B[name]) || (r.chain && levelUnseen(r));
        if (!rule) return STRICTER.find((one) => one.id === 'kind-not-built' && one.shows(c, r));
        return { id: B[rule] || rule, who: 'ours' };
    }
    if (!r.accepts) return defect || (kind === 'V' ? undefined : { id: 'forbidden', who: 'defect', fails: true });
    if (!asTheRules(ours, r)) return defect;
    const cause = r.tcb.launch ? 'relaunch' : causeOfC(c, r, theirs);
    return cause && { id: cause, who: 'ours' };
}

const asTheRules = (ours, r) => r.accepts && r.tcb.status === ours.tcb &&
    same(r.tcb.advisories, [...ours.advisories].sort());

function kindOf(ok, ours, theirs, r) {
    if (ok && !theirs.ok) return 'A';
    if (!ok && theirs.ok) return 'B';
    if (!ok) return null;
    const mine = [...ours.advisories].sort();
    if (ours.tcb !== theirs.status || !same(mine, theirs.advisories)) return 'C';
    return asTheRules(ours, r) ? null : 'V';
}

// One line of the output: of an agreement no more than that.
function classify(c, theirs, root) {
    const ours = c.ours;
    const ok = ours.status === 'ASSAY_OK' && (ours.tier === 'affirming' || ours.tier === 'warning');
    const line = { i: c.i, ok };
    if (!ok && !theirs.ok) return line;
    const r = judge({ ...c, root });
    const kind = kindOf(ok, ours, theirs, r);
    if (!kind) return line;
    const found = explain(c, theirs, r, kind);
    Object.assign(line, { kind, class: found ? found.id : 'unexplained', who: found ? found.who : 'unknown',
        base: c.base, mutation: c.mutation, at: c.at,
        ours: { status: ours.status, tier: ours.tier, tcb: ours.tcb, reasons: ours.reasons.map((x) => x[0]),
            advisories: ours.advisories },
        theirs, rules: { accepts: r.accepts, broken: r.broken, detail: r.o.detail, status: r.tcb?.status,
            advisories: r.tcb?.advisories } });
    if (!found || found.fails) line.fails = true;
    return line;
}

module.exports = { classify };
