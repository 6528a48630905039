// tests/differential/text.js - DER, PEM and JSON, strictly read, for the third opinion (rules.js).
'use strict';

class Malformed extends Error {}

function demand(condition, what) {
    if (!condition) throw new Malformed(what);
}

// What was met on the way that a reader may refuse or not; whoever reads a case clears it first.
const met = { longLength: false };

// --- DER (ITU-T X.690 8.1): definite lengths; longer ones than needed pass, as they do with Intel's parser
function tlv(bytes, at, end) {
    demand(end - at >= 2, 'der: too short');
    const tag = bytes[at];
    demand((tag & 0x1f) !== 0x1f, 'der: long tag');
    let len = bytes[at + 1];
    let head = 2;
    if (len >= 0x80) {
        const count = len & 0x7f;
        demand(count >= 1 && count <= 3 && end - at >= 2 + count, 'der: length');
        len = bytes.readUIntBE(at + 2, count);
        head += count;
        if (len < 0x80 || (count > 1 && len < 1 << (8 * (count - 1)))) met.longLength = true;
    }
    demand(len <= end - at - head, 'der: overrun');
    return { tag, raw: bytes.subarray(at, at + head + len), value: bytes.subarray(at + head, at + head + len) };
}

function children(bytes) {
    const out = [];
    for (let at = 0; at < bytes.length;) {
        const one = tlv(bytes, at, bytes.length);
        out.push(one);
        at += one.raw.length;
    }
    return out;
}

function whole(bytes, tag) {
    const one = tlv(bytes, 0, bytes.length);
    demand(one.raw.length === bytes.length, 'der: trailing');
    demand(one.tag === tag, 'der: tag');
    return children(one.value);
}

function oid(one) {
    demand(one && one.tag === 0x06 && one.value.length > 0, 'der: oid');
    // X.690 8.19.2: an arc ends in a byte below 0x80 and does not begin with 0x80.
    demand(one.value.every((byte, i) => byte !== 0x80 || (i > 0 && one.value[i - 1] >= 0x80)), 'der: oid');
    demand(one.value[one.value.length - 1] < 0x80, 'der: oid');
    return one.value.toString('hex');
}

function integer(one) {
    demand(one && one.tag === 0x02 && one.value.length > 0, 'der: integer');
    const v = one.value;
    demand(v.length === 1 || !(v[0] === 0 && v[1] < 0x80), 'der: integer padded');
    demand(v[0] < 0x80, 'der: integer negative');
    return v[0] === 0 && v.length > 1 ? v.subarray(1) : v;
}

function time(one) {
    const text = one.value.toString('latin1');
    let m = null;
    let year = 0;
    if (one.tag === 0x17) {
        m = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
        demand(m, 'der: time');
        year = Number(m[1]) + (Number(m[1]) < 50 ? 2000 : 1900);
    } else {
        demand(one.tag === 0x18, 'der: time');
        m = /^(\d\d\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
        demand(m, 'der: time');
        year = Number(m[1]);
    }
    const [month, day, hour, minute, second] = m.slice(2).map(Number);
    const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
    demand(date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 &&
        second < 60, 'der: no such time');
    return date.getTime() / 1000;
}

const ecdsaSha256 = '2a8648ce3d040302';

function signed(der) {
    const parts = whole(der, 0x30);
    demand(parts.length === 3 && parts[0].tag === 0x30 && parts[2].tag === 0x03, 'der: signed shape');
    const algorithm = whole(parts[1].raw, 0x30);
    demand(oid(algorithm[0]) === ecdsaSha256 && algorithm.length === 1, 'der: algorithm');
    demand(parts[2].value.length > 1, 'der: signature');
    demand(parts[2].value[0] === 0, 'der: unused bits');
    return { tbs: parts[0], signature: parts[2].value.subarray(1) };
}

// RFC 5280 4.1.1.2 and 5.1.1.2: the algorithm inside is the one outside.
function sameAlgorithm(one, what) {
    const inner = whole(one.raw, 0x30);
    demand(oid(inner[0]) === ecdsaSha256 && inner.length === 1, what);
}

const TRUE = Buffer.from([0x01, 0x01, 0xff]); // X.690 11.1; what is FALSE by default is left out (11.5)

// outer: the tagged value that holds the sequence of extensions.
function extensions(outer) {
    const out = new Map();
    const inner = children(outer.value);
    demand(inner.length === 1 && inner[0].tag === 0x30, 'der: extensions');
    const one = inner[0];
    for (const item of children(one.value)) {
        const fields = whole(item.raw, 0x30);
        const id = oid(fields[0]);
        demand(!out.has(id), 'der: extension twice');
        const critical = fields.length === 3;
        if (critical) demand(fields[1].raw.equals(TRUE), 'der: critical');
        const value = fields[fields.length - 1];
        demand(value.tag === 0x04 && fields.length >= 2 && fields.length <= 3, 'der: extension');
        out.set(id, { critical, value: value.value });
    }
    return out;
}

const ids = { constraints: '551d13', usage: '551d0f', subject: '551d0e', authority: '551d23',
    sgx: '2a864886f84d010d01', crlNumber: '551d14', distribution: '551d1f' };

function keyIds(exts) {
    const out = {};
    if (exts.has(ids.subject)) {
        const one = tlv(exts.get(ids.subject).value, 0, exts.get(ids.subject).value.length);
        demand(one.tag === 0x04 && one.raw.length === exts.get(ids.subject).value.length, 'der: subject key id');
        out.subjectKeyId = one.value.toString('hex');
    }
    if (exts.has(ids.authority)) {
        const fields = whole(exts.get(ids.authority).value, 0x30);
        const tags = fields.map((one) => [0x80, 0xa1, 0x82].indexOf(one.tag));
        demand(tags.every((tag, i) => tag > (i === 0 ? -1 : tags[i - 1])), 'der: authority key id');
        for (const one of fields) if (one.tag === 0x80) out.authorityKeyId = one.value.toString('hex');
    }
    return out;
}

// Every value below, to see how it is written.
function walk(bytes) {
    for (const one of children(bytes)) if ((one.tag & 0x20) !== 0) walk(one.value);
}

// RFC 5280 4.1.2.4: sets of a type and a DirectoryString, or the IA5String of older types.
function name(one) {
    for (const set of whole(one.raw, 0x30)) {
        const attributes = whole(set.raw, 0x31);
        demand(attributes.length > 0, 'name: empty');
        for (const attribute of attributes) {
            const [type, value, ...more] = whole(attribute.raw, 0x30);
            demand(more.length === 0 && value, 'name: attribute');
            oid(type);
            demand([0x0c, 0x13, 0x14, 0x16, 0x1c, 0x1e].includes(value.tag), 'name: string');
            const text = value.value;
            demand(value.tag !== 0x0c || Buffer.from(text.toString('utf8'), 'utf8').equals(text), 'name: utf-8');
        }
    }
    return one.raw;
}

// One X.509 certificate (RFC 5280 4.1).
function certificate(der) {
    const outer = signed(der);
    const f = children(outer.tbs.value);
    demand(f.length >= 7 && f[0].tag === 0xa0 && integer(whole(f[0].raw, 0xa0)[0]).equals(Buffer.from([2])),
        'x509: version');
    walk(outer.tbs.value);
    sameAlgorithm(f[2], 'x509: two algorithms');
    const validity = whole(f[4].raw, 0x30);
    demand(validity.length === 2, 'x509: validity');
    const c = { der, tbs: outer.tbs.raw, signature: outer.signature, serial: integer(f[1]).toString('hex'),
        issuer: name(f[3]), subject: name(f[5]), from: time(validity[0]), to: time(validity[1]), spki: f[6].raw };
    const last = f[f.length - 1];
    const exts = last.tag === 0xa3 ? extensions(last) : new Map();
    Object.assign(c, keyIds(exts));
    c.isCa = false;
    if (exts.has(ids.constraints)) {
        const fields = whole(exts.get(ids.constraints).value, 0x30);
        demand(['', '1', '2', '1,2'].includes(fields.map((one) => one.tag).join()), 'x509: constraints');
        c.isCa = fields.length > 0 && fields[0].tag === 0x01;
        demand(!c.isCa || fields[0].raw.equals(TRUE), 'x509: constraints');
        const pathLen = fields.find((one) => one.tag === 0x02);
        if (pathLen) c.pathLen = Number('0x' + integer(pathLen).toString('hex'));
    }
    if (exts.has(ids.usage)) {
        const bits = tlv(exts.get(ids.usage).value, 0, exts.get(ids.usage).value.length);
        demand(bits.tag === 0x03 && bits.value.length >= 2 && bits.value[0] <= 7, 'x509: key usage');
        const unused = (1 << bits.value[0]) - 1; // X.690 11.2.1
        demand((bits.value[bits.value.length - 1] & unused) === 0, 'x509: key usage');
        demand(bits.raw.length === exts.get(ids.usage).value.length, 'x509: key usage');
        c.usage = bits.value[1];
    }
    if (exts.has(ids.sgx)) c.sgx = exts.get(ids.sgx).value;
    c.unknownCritical = [...exts].some(([id, e]) => e.critical && !Object.values(ids).includes(id));
    return c;
}

// One revocation list of version 2 (RFC 5280 5.1).
function crl(der) {
    const outer = signed(der);
    const f = children(outer.tbs.value);
    demand(f.length >= 5 && f[0].tag === 0x02 && f[0].value[0] === 1, 'crl: version');
    walk(outer.tbs.value);
    sameAlgorithm(f[1], 'crl: two algorithms');
    const out = { tbs: outer.tbs.raw, signature: outer.signature, issuer: name(f[2]), from: time(f[3]),
        to: time(f[4]), revoked: new Set() };
    const rest = f.slice(5).map((one) => one.tag);
    demand(['', '48', '160', '48,160'].includes(rest.join()), 'crl: fields');
    for (const one of f.slice(5)) {
        if (one.tag === 0x30) {
            for (const entry of children(one.value)) {
                const fields = whole(entry.raw, 0x30);
                const tags = fields.slice(1).map((x) => x.tag).join();
                demand(['23', '24', '23,48', '24,48'].includes(tags), 'crl: entry');
                time(fields[1]);
                out.revoked.add(integer(fields[0]).toString('hex'));
            }
        } else {
            demand(one.tag === 0xa0, 'crl: field');
            const exts = extensions(one);
            Object.assign(out, keyIds(exts));
            demand(![...exts].some(([id, e]) => e.critical && !Object.values(ids).includes(id)),
                'crl: critical extension');
            if (exts.has(ids.crlNumber)) {
                const number = exts.get(ids.crlNumber).value;
                const one = tlv(number, 0, number.length);
                demand(integer(one).length <= 20 && one.raw.length === number.length, 'crl: number');
            }
        }
    }
    return out;
}

// Intel's SGX extension: arcs below 1.2.840.113741.1.13.1.
function sgxExtension(value) {
    const out = { components: [] };
    const seen = new Set();
    const items = (bytes, prefix) => whole(bytes, 0x30).map((item) => {
        const [id, v, ...more] = whole(item.raw, 0x30);
        demand(more.length === 0 && v && oid(id).startsWith(prefix), 'sgx: item');
        demand(!seen.has(oid(id)), 'sgx: item twice');
        seen.add(oid(id));
        return [parseInt(oid(id).slice(prefix.length), 16), v];
    });
    for (const [arc, v] of items(value, ids.sgx)) {
        demand(v.tag === ({ 2: 0x30, 5: 0x0a, 7: 0x30 }[arc] || 0x04), 'sgx: tag');
        if (arc === 1) out.ppid = v.value;
        if (arc === 3) out.pceid = v.value;
        if (arc === 4) out.fmspc = v.value;
        if (arc === 5) out.type = v.value;
        if (arc !== 2) continue;
        for (const [sub, w] of items(v.raw, ids.sgx + '02')) {
            demand(sub !== 18 || w.tag === 0x04, 'sgx: tag');
            if (sub === 18) out.cpusvn = w.value;
            else if (sub === 17) out.pcesvn = Number('0x' + integer(w).toString('hex'));
            else out.components[sub - 1] = Number('0x' + integer(w).toString('hex'));
        }
    }
    const complete = out.ppid?.length === 16 && out.pceid?.length === 2 && out.fmspc?.length === 6 && out.type &&
        out.cpusvn?.length === 16 && out.pcesvn <= 0xffff && out.components.length === 16;
    demand(out.type?.length === 1 && out.type[0] <= 2, 'sgx: type');
    demand(complete && [...out.components].every((n) => n <= 255), 'sgx: incomplete');
    return out;
}

// --- PEM (RFC 7468). strict: nothing but blanks between certificates, base64 in its one form.
function pem(bytes) {
    let text = bytes.toString('latin1');
    let strict = true;
    text = text.replace(/\0+$/, '');
    const ders = [];
    const rest = text.replace(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g, (_, body) => {
        const packed = body.replace(/[ \t\r\n]/g, '');
        demand(/^[A-Za-z0-9+/]*={0,2}$/.test(packed), 'pem: base64');
        const der = Buffer.from(packed, 'base64');
        if (der.toString('base64') !== packed) strict = false;
        ders.push(der);
        return '';
    });
    if (/[^ \t\r\n]/.test(rest)) strict = false;
    return { ders, strict };
}

// --- JSON (RFC 8259) with its spans; duplicate names, fractions and deep nesting are malformed
function json(bytes, from = 0) {
    const text = bytes.toString('utf8');
    demand(Buffer.from(text, 'utf8').equals(bytes), 'json: utf-8');
    let at = from;
    const blank = () => { while (at < text.length && ' \t\r\n'.includes(text[at])) at += 1; };
    const string = () => {
        const m = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
        m.lastIndex = at;
        const found = m.exec(text);
        demand(found, 'json: string');
        at = m.lastIndex;
        return JSON.parse(found[0]);
    };
    const value = (depth) => {
        demand(depth <= 16, 'json: depth');
        blank();
        const start = at;
        const c = text[at];
        let out;
        if (c === '{') {
            out = { kind: 'object', members: new Map() };
            at += 1;
            blank();
            while (text[at] !== '}') {
                blank();
                demand(text[at] === '"', 'json: name');
                const name = string();
                demand(!out.members.has(name), 'json: duplicate ' + name);
                blank();
                demand(text[at++] === ':', 'json: colon');
                out.members.set(name, value(depth + 1));
                blank();
                if (text[at] === ',') { at += 1; blank(); demand(text[at] === '"', 'json: comma'); }
                else demand(text[at] === '}', 'json: object');
            }
            at += 1;
        } else if (c === '[') {
            out = { kind: 'array', items: [] };
            at += 1;
            blank();
            while (text[at] !== ']') {
                out.items.push(value(depth + 1));
                blank();
                if (text[at] === ',') { at += 1; blank(); demand(text[at] !== ']', 'json: comma'); }
                else demand(text[at] === ']', 'json: array');
            }
            at += 1;
        } else if (c === '"') {
            out = { kind: 'string', value: string() };
        } else {
            const m = /true|false|null|-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
            m.lastIndex = at;
            const found = m.exec(text);
            demand(found, 'json: value');
            at = m.lastIndex;
            const plain = /^-?[0-9]+$/.test(found[0]);
            out = { kind: plain ? 'integer' : 'other', value: plain ? BigInt(found[0]) : found[0] };
            if (plain) demand(out.value < 2n ** 63n && out.value >= -(2n ** 63n), 'json: overflow');
        }
        out.raw = Buffer.from(text.slice(start, at), 'utf8');
        return out;
    };
    const out = value(1);
    blank();
    demand(at === text.length, 'json: trailing');
    return out;
}

module.exports = { Malformed, met, demand, tlv, children, certificate, crl, sgxExtension, pem, json };
