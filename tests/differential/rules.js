// tests/differential/rules.js - a third opinion: what the rules say of a case, written down once more
// without either verifier.
//
// Sources: Intel SGX ECDSA QuoteLib Reference, appendix A; Intel TDX DCAP Quoting Library API, appendix 3;
// the checks that Intel's quote verification library numbers 4.1.2.4 and 4.1.2.9; Intel PCS API v4 (TCB
// info, enclave identity); RFC 5280. Every rule that does not hold is named, not just the first.
'use strict';

const crypto = require('crypto');
const { Malformed, met, demand, certificate, crl, sgxExtension, pem, json } = require('./text.js');

const vendorId = '939a7233f79c4ca9940a0db3957f0607';
const SGX_LEN = 384, HEADER_LEN = 48, TD_LENS = { 2: 584, 3: 648 };

// --- evidence
function parseQuote(bytes) {
    let at = 0;
    const take = (n) => {
        demand(n <= bytes.length - at, 'quote: truncated');
        at += n;
        return bytes.subarray(at - n, at);
    };
    const u16 = () => take(2).readUInt16LE(0);
    const u32 = () => take(4).readUInt32LE(0);
    const q = { version: u16(), keyType: u16(), tee: u32() };
    take(4);
    q.vendor = take(16).toString('hex');
    take(20);
    demand(q.keyType === 2, 'quote: key type');
    demand([3, 4, 5].includes(q.version), 'quote: version');
    demand(q.tee === 0 || (q.tee === 0x81 && q.version > 3), 'quote: tee');
    q.bodyType = q.tee === 0 ? 1 : 2;
    let bodyLen = q.tee === 0 ? SGX_LEN : TD_LENS[2];
    if (q.version === 5) {
        q.bodyType = u16();
        demand(q.bodyType === 1 ? q.tee === 0 : q.tee === 0x81 && TD_LENS[q.bodyType], 'quote: body type');
        bodyLen = q.bodyType === 1 ? SGX_LEN : TD_LENS[q.bodyType];
        demand(u32() === bodyLen, 'quote: body size');
    }
    q.body = take(bodyLen);
    q.signed = bytes.subarray(0, at);
    const len = u32();
    const end = at + len;
    demand(len <= bytes.length - at, 'quote: signature data');
    q.signature = take(64);
    q.key = take(64);
    if (q.version > 3) {
        demand(u16() === 6, 'quote: outer certification type');
        demand(u32() === end - at, 'quote: outer certification size');
    }
    q.qeReport = take(SGX_LEN);
    q.qeSignature = take(64);
    q.auth = take(u16());
    q.certType = u16();
    q.cert = take(u32());
    demand(at === end, 'quote: lengths disagree');
    demand(bytes.subarray(end).every((b) => b === 0), 'quote: tail');
    q.isTdx = q.tee === 0x81;
    return q;
}

// --- signatures
function rawKey(xy) {
    const b64 = (b) => b.toString('base64url');
    return crypto.createPublicKey({ format: 'jwk',
        key: { kty: 'EC', crv: 'P-256', x: b64(xy.subarray(0, 32)), y: b64(xy.subarray(32, 64)) } });
}

function verified(key, data, signature, dsaEncoding) {
    try {
        return crypto.verify('sha256', data, { key: key(), dsaEncoding }, signature);
    } catch {
        return false;
    }
}

const keyOf = (c) => () => crypto.createPublicKey({ key: c.spki, format: 'der', type: 'spki' });
const sameKey = (a, b) => {
    try {
        return keyOf(a)().equals(keyOf(b)()); // the keys, in whatever encoding they came
    } catch {
        return false;
    }
};
const issued = (issuer, c) => verified(keyOf(issuer), c.tbs, c.signature, 'der');

// --- certificates
const CERT_SIGN = 0x04, CRL_SIGN = 0x02, DIGITAL_SIGNATURE = 0x80;
const isCa = (c, below) => c.isCa && !c.unknownCritical && (c.usage & CERT_SIGN) !== 0 &&
    (c.pathLen === undefined || c.pathLen >= below);
const isSigner = (c) => !c.isCa && !c.unknownCritical && (c.usage & DIGITAL_SIGNATURE) !== 0;
const names = (issuer, c) => issuer.subject.equals(c.issuer) &&
    (!issuer.subjectKeyId || !c.authorityKeyId || issuer.subjectKeyId === c.authorityKeyId);

class Opinion {
    constructor(at) {
        this.at = at;
        this.broken = [];
    }

    rule(holds, name) {
        if (!holds && !this.broken.includes(name)) this.broken.push(name);
        return holds;
    }

    // What a function says, or a broken rule when it finds the bytes malformed.
    read(name, f) {
        try {
            return f();
        } catch (e) {
            // A field that is not there at all shows as a TypeError on its way through.
            if (!(e instanceof Malformed || e instanceof TypeError)) throw e;
            this.rule(false, name);
            this.detail = this.detail || e.message;
            return null;
        }
    }

    window(x, name) {
        this.rule(this.at >= x.from && this.at <= x.to, name);
    }

    // PCK, CA and root, in any order.
    pckChain(bytes, root) {
        const chain = this.read('chain-format', () => {
            const all = pem(bytes).ders.map(certificate);
            demand(all.length === 3, 'chain: count');
            const roots = all.filter((c) => c.subject.equals(c.issuer));
            demand(roots.length === 1, 'chain: root');
            const cas = all.filter((c) => c !== roots[0] && names(roots[0], c));
            demand(cas.length === 1, 'chain: ca');
            const pck = all.find((c) => c !== roots[0] && c !== cas[0]);
            demand(names(cas[0], pck), 'chain: pck');
            demand(pck.sgx, 'chain: no sgx extension');
            return { root: roots[0], ca: cas[0], pck, sgx: sgxExtension(pck.sgx) };
        });
        if (!chain) return null;
        const right = issued(chain.root, chain.root) && issued(chain.root, chain.ca) && issued(chain.ca, chain.pck);
        this.rule(right, 'chain-signature');
        this.rule(sameKey(chain.root, root), 'chain-root');
        this.rule(isCa(chain.root, 1) && isCa(chain.ca, 0) && isSigner(chain.pck), 'chain-constraints');
        for (const c of [chain.pck, chain.ca, chain.root]) this.window(c, 'certificate-time');
        return chain;
    }

    // The signer of a document, below the trusted key; the root may stand beside it.
    signer(bytes, root, name) {
        const chain = this.read(name + '-chain-format', () => {
            const all = pem(bytes).ders.map(certificate);
            demand(all.length === 1 || all.length === 2, 'signer: count');
            const signers = all.filter((c) => !c.subject.equals(c.issuer));
            demand(signers.length === 1, 'signer: none');
            return { signer: signers[0], root: all.find((c) => c !== signers[0]) };
        });
        if (!chain) return null;
        this.rule(issued(root, chain.signer) && isSigner(chain.signer), name + '-chain');
        if (chain.root) {
            this.rule(sameKey(chain.root, root) && names(chain.root, chain.signer), name + '-chain');
            this.window(chain.root, name + '-chain-time');
        }
        this.window(chain.signer, name + '-chain-time');
        return chain.signer;
    }

    list(bytes, issuer, name) {
        if (!this.rule(bytes.length > 0, name + '-missing')) return null;
        const list = this.read(name + '-format', () => crl(bytes));
        if (!list) return null;
        this.window(list, name + '-time');
        if (!issuer) return list;
        const theirs = list.issuer.equals(issuer.subject) && (issuer.usage & CRL_SIGN) !== 0 &&
            (!list.authorityKeyId || !issuer.subjectKeyId || list.authorityKeyId === issuer.subjectKeyId);
        this.rule(theirs, name + '-issuer');
        this.rule(issued(issuer, list), name + '-signature');
        return list;
    }
}

// --- documents
const HEX = (len) => (v) => {
    demand(v && v.kind === 'string' && v.value.length === 2 * len && /^[0-9a-fA-F]*$/.test(v.value), 'hex');
    return Buffer.from(v.value, 'hex');
};
const INT = (max) => (v) => {
    demand(v && v.kind === 'integer' && v.value >= 0n && v.value <= BigInt(max), 'integer');
    return Number(v.value);
};
const TEXT = (v) => {
    demand(v && v.kind === 'string', 'text');
    return v.value;
};
const TIME = (v) => {
    const m = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?([Zz]|[-+]\d\d:\d\d)$/.exec(TEXT(v));
    demand(m, 'time');
    const parsed = Date.parse(TEXT(v).toUpperCase());
    const plain = new Date(Date.UTC(+m[1], m[2] - 1, +m[3], +m[4], +m[5], +m[6]));
    demand(Number.isFinite(parsed) && plain.getUTCDate() === +m[3] && +m[4] < 24, 'no such time');
    return Math.floor(parsed / 1000);
};
const LIST = (v) => {
    demand(v && v.kind === 'array', 'array');
    return v.items;
};
const OBJECT = (v) => {
    demand(v && v.kind === 'object', 'object');
    return v.members;
};
const STATUSES = ['UpToDate', 'SWHardeningNeeded', 'ConfigurationNeeded', 'ConfigurationAndSWHardeningNeeded',
    'OutOfDate', 'OutOfDateConfigurationNeeded', 'Revoked'];

function levelHead(m) {
    const status = TEXT(m.get('tcbStatus'));
    demand(STATUSES.includes(status), 'status');
    TIME(m.get('tcbDate'));
    const advisories = m.has('advisoryIDs') ? LIST(m.get('advisoryIDs')).map(TEXT) : [];
    return { status, advisories };
}

function isvLevels(m) {
    return LIST(m.get('tcbLevels')).map(OBJECT).map((level) => ({
        isvsvn: INT(0xffff)(OBJECT(level.get('tcb')).get('isvsvn')), ...levelHead(level) }));
}

function components(v) {
    const list = LIST(v).map((one) => INT(255)(OBJECT(one).get('svn')));
    demand(list.length === 16, 'components');
    return list;
}

function moduleOf(m) {
    return { mrsigner: HEX(48)(m.get('mrsigner')), attributes: HEX(8)(m.get('attributes')),
        mask: HEX(8)(m.get('attributesMask')) };
}

function document(bytes, name) {
    const members = OBJECT(json(bytes));
    demand(members.has(name) && members.has('signature'), 'document');
    const out = { raw: members.get(name).raw, signature: HEX(64)(members.get('signature')),
        body: OBJECT(members.get(name)) };
    out.from = TIME(out.body.get('issueDate'));
    out.to = TIME(out.body.get('nextUpdate'));
    INT(0xffffffff)(out.body.get('tcbEvaluationDataNumber'));
    return out;
}

function tcbInfo(bytes) {
    const d = document(bytes, 'tcbInfo');
    const m = d.body;
    d.version = INT(0xffffffff)(m.get('version'));
    demand(d.version === 2 || d.version === 3, 'tcb info: version');
    d.id = d.version === 2 ? 'SGX' : TEXT(m.get('id'));
    demand(d.id === 'SGX' || d.id === 'TDX', 'tcb info: id');
    d.fmspc = HEX(6)(m.get('fmspc'));
    d.pceid = HEX(2)(m.get('pceId'));
    INT(0)(m.get('tcbType'));
    if (d.id === 'TDX') {
        d.module = moduleOf(OBJECT(m.get('tdxModule')));
        d.modules = m.has('tdxModuleIdentities') ? LIST(m.get('tdxModuleIdentities')).map(OBJECT).map((one) => {
            const id = /^TDX_([0-9a-fA-F]{2})$/.exec(TEXT(one.get('id')));
            demand(id, 'module id');
            return { version: parseInt(id[1], 16), ...moduleOf(one), levels: isvLevels(one) };
        }) : [];
        demand(new Set(d.modules.map((one) => one.version)).size === d.modules.length, 'module twice');
        demand(d.modules.every((one) => one.version > 0), 'module 0');
    }
    d.levels = LIST(m.get('tcbLevels')).map(OBJECT).map((level) => {
        const tcb = OBJECT(level.get('tcb'));
        const old = (i) => INT(255)(tcb.get(`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`));
        return { sgx: d.version === 2 ? [...Array(16).keys()].map(old) : components(tcb.get('sgxtcbcomponents')),
            tdx: d.id === 'TDX' ? components(tcb.get('tdxtcbcomponents')) : null,
            pcesvn: INT(0xffff)(tcb.get('pcesvn')), ...levelHead(level) };
    });
    return d;
}

function qeIdentity(bytes) {
    const d = document(bytes, 'enclaveIdentity');
    const m = d.body;
    demand(INT(0xffffffff)(m.get('version')) === 2, 'qe identity: version');
    d.id = TEXT(m.get('id'));
    demand(d.id === 'QE' || d.id === 'TD_QE', 'qe identity: id');
    d.miscselect = HEX(4)(m.get('miscselect'));
    d.miscselectMask = HEX(4)(m.get('miscselectMask'));
    d.attributes = HEX(16)(m.get('attributes'));
    d.attributesMask = HEX(16)(m.get('attributesMask'));
    d.mrsigner = HEX(32)(m.get('mrsigner'));
    d.isvprodid = INT(0xffff)(m.get('isvprodid'));
    d.levels = isvLevels(m);
    return d;
}

// --- levels: 4.1.2.4.17, in the version of 2026 4.1.2.5.18 to 4.1.2.5.20
const NEEDS_CONFIGURATION = { UpToDate: 'OutOfDate', SWHardeningNeeded: 'OutOfDate',
    ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
    ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded' };

function converge(status, other) {
    if (status === 'Revoked' || other === 'Revoked') return 'Revoked';
    return other === 'OutOfDate' ? NEEDS_CONFIGURATION[status] || status : status;
}

function platformLevel(info, sgx, svn) {
    return info.levels.find((level) => level.sgx.every((need, i) => sgx.components[i] >= need) &&
        sgx.pcesvn >= level.pcesvn &&
        (!svn || level.tdx.every((need, i) => (i < 2 && svn[1] > 0) || svn[i] >= need)));
}

const NOT_SUPPORTED = { status: 'NotSupported', advisories: [] };
const MODULE_STATUSES = ['UpToDate', 'OutOfDate', 'Revoked'];
const QE_STATUSES = [...MODULE_STATUSES, 'ConfigurationNeeded', 'OutOfDateConfigurationNeeded'];

// The first level that is reached; a status that such a level cannot have is as good as no level.
function isvLevel(levels, isvsvn, statuses) {
    const level = levels.find((one) => isvsvn >= one.isvsvn);
    return level && statuses.includes(level.status) ? level : undefined;
}

// Of the platform and its module, at one TEE_TCB_SVN.
function evaluateAt(info, sgx, svn) {
    const level = platformLevel(info, sgx, svn);
    if (!level) return null;
    const out = { status: level.status, advisories: new Set(level.advisories), module: 'UpToDate' };
    if (svn && svn[1] > 0) {
        const module = info.modules.find((one) => one.version === svn[1]);
        const found = module && isvLevel(module.levels, svn[0], MODULE_STATUSES);
        if (!found) return null;
        out.module = found.status;
        out.status = converge(level.status, found.status);
        found.advisories.forEach((id) => out.advisories.add(id));
    }
    return out;
}

function evaluate(q, info, qe, sgx) {
    const at = q.isTdx ? evaluateAt(info, sgx, q.body.subarray(0, 16)) : evaluateAt(info, sgx, null);
    const qeLevel = isvLevel(qe.levels, q.qeReport.readUInt16LE(258), QE_STATUSES);
    if (!at || !qeLevel) return NOT_SUPPORTED;
    qeLevel.advisories.forEach((id) => at.advisories.add(id));
    const out = { status: converge(at.status, qeLevel.status), advisories: [...at.advisories].sort(), at, qeLevel };
    if (q.bodyType < 3) return out;
    // A TD report 1.5 has a second SVN: the TD began under the first and runs on the second (4.1.2.5.20). That
    // must have its level, too; when it would be current, a relaunch is all it takes. Advisories are of launch.
    const now = evaluateAt(info, sgx, q.body.subarray(584, 600));
    if (!now) return NOT_SUPPORTED;
    out.current = converge(now.status, qeLevel.status);
    if (!/^OutOfDate/.test(out.status) || !NEEDS_CONFIGURATION[out.current]) return out;
    out.launch = out.status;
    out.status = /Configuration/.test(out.launch + out.current) ? 'TDRelaunchAdvisedConfigurationNeeded'
        : 'TDRelaunchAdvised';
    return out;
}

function judgeModule(o, q, info) {
    const version = q.body[1];
    const module = version === 0 ? info.module : info.modules.find((one) => one.version === version);
    if (!module) return;
    o.rule(q.body.subarray(64, 112).equals(module.mrsigner), 'module-identity');
    // 4.1.2.4.11.2: equal, and zero.
    const attributes = q.body.subarray(112, 120);
    o.rule(attributes.every((b, i) => b === 0 && module.attributes[i] === 0), 'module-attributes');
}

function judgeQe(o, q, qe) {
    const report = q.qeReport;
    const masked = (at, len, mask) => Buffer.from(report.subarray(at, at + len).map((b, i) => b & mask[i]));
    o.rule(masked(16, 4, qe.miscselectMask).equals(qe.miscselect), 'qe-miscselect');
    o.rule(masked(48, 16, qe.attributesMask).equals(qe.attributes), 'qe-attributes');
    o.rule(report.subarray(128, 160).equals(qe.mrsigner), 'qe-mrsigner');
    o.rule(report.readUInt16LE(256) === qe.isvprodid, 'qe-isvprodid');
}

function judgeQuoteItself(o, q) {
    o.rule(q.vendor === vendorId, 'qe-vendor');
    o.rule(verified(() => rawKey(q.key), q.signed, q.signature, 'ieee-p1363'), 'quote-signature');
    const hash = crypto.createHash('sha256').update(q.key).update(q.auth).digest();
    o.rule(q.qeReport.subarray(320, 352).equals(hash), 'ak-binding');
    o.rule(q.qeReport.subarray(352, 384).every((b) => b === 0), 'ak-binding-tail');
    o.rule(((q.isTdx ? q.body[120] & 1 : q.body[48] & 2)) === 0, 'debug');
    if (q.isTdx) o.rule((q.body[120] & 0xfe) === 0, 'td-under-debug');
    o.rule(q.certType === 5, 'cert-type');
}

// Whether a signer stands alone, before or after its root, or beside a root certificate that is not the
// trusted one byte by byte: none of it matters to who trusts a key.
function decorated(text, root) {
    const { ders } = pem(text);
    return ders.length === 1 || !ders[1].equals(root.der);
}

// c: { at, root (DER), quote, tcbInfo, qeIdentity, rootCrl, pckCrl, tcbChain, qeChain }, all buffers.
function judge(c) {
    const o = new Opinion(c.at);
    met.longLength = false;
    const root = certificate(c.root);
    const q = o.read('format', () => parseQuote(c.quote));
    const info = c.tcbInfo.length > 0 ? o.read('tcb-info-format', () => tcbInfo(c.tcbInfo)) : null;
    const qe = c.qeIdentity.length > 0 ? o.read('qe-identity-format', () => qeIdentity(c.qeIdentity)) : null;
    o.rule(c.tcbInfo.length > 0, 'tcb-info-missing');
    o.rule(c.qeIdentity.length > 0, 'qe-identity-missing');
    const tcbSigner = o.signer(c.tcbChain, root, 'tcb-signer');
    const qeSigner = o.signer(c.qeChain.length > 0 ? c.qeChain : c.tcbChain, root, 'qe-signer');
    const chain = q && q.certType === 5 ? o.pckChain(q.cert, root) : null;
    const rootCrl = o.list(c.rootCrl, chain ? chain.root : root, 'root-crl');
    const pckCrl = o.list(c.pckCrl, chain && chain.ca, 'pck-crl');
    for (const signer of [tcbSigner, qeSigner])
        if (signer && rootCrl) o.rule(!rootCrl.revoked.has(signer.serial), 'revoked');
    if (info) o.window(info, 'tcb-info-time');
    if (qe) o.window(qe, 'qe-identity-time');
    if (info && tcbSigner)
        o.rule(verified(keyOf(tcbSigner), info.raw, info.signature, 'ieee-p1363'), 'tcb-info-signature');
    if (qe && qeSigner)
        o.rule(verified(keyOf(qeSigner), qe.raw, qe.signature, 'ieee-p1363'), 'qe-identity-signature');
    if (q) judgeQuoteItself(o, q);
    const out = { o, q, info, qe, chain, rootCrl, pckCrl, rootIsDecoration: (text) => decorated(text, root) };
    if (chain) {
        o.rule(verified(keyOf(chain.pck), q.qeReport, q.qeSignature, 'ieee-p1363'), 'qe-report-signature');
        if (rootCrl) o.rule(!rootCrl.revoked.has(chain.ca.serial), 'revoked');
        if (pckCrl) o.rule(!pckCrl.revoked.has(chain.pck.serial), 'revoked');
    }
    if (q && qe) {
        o.rule(qe.id === (q.isTdx ? 'TD_QE' : 'QE'), 'qe-identity-id');
        judgeQe(o, q, qe);
    }
    if (q && info) {
        const fits = o.rule(info.id === (q.isTdx ? 'TDX' : 'SGX'), 'tcb-info-id');
        if (q.isTdx && fits) judgeModule(o, q, info);
        if (chain) {
            o.rule(info.fmspc.equals(chain.sgx.fmspc), 'fmspc');
            o.rule(info.pceid.equals(chain.sgx.pceid), 'pceid');
        }
        if (chain && qe && fits) {
            out.tcb = evaluate(q, info, qe, chain.sgx);
            o.rule(out.tcb.status !== 'NotSupported', 'not-supported');
            o.rule(out.tcb.status !== 'Revoked', 'tcb-revoked');
        }
    }
    out.broken = o.broken;
    out.longLength = met.longLength;
    out.accepts = o.broken.length === 0 && out.tcb !== undefined;
    return out;
}

module.exports = { judge, parseQuote, platformLevel, converge };
