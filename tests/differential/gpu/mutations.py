"""Cases of the comparison: genuine ones, such as a vendor of the tests' own made (authority.py), and changes of both."""
import copy
import random
import re
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes

import authority
from parsed import ocsp, x509

HEAD = 45
RIMS = ('driver_rim', 'vbios_rim')


class Case:
    """Files of one case by role; `ocsp` has [of, serial, name, bytes]; `did` names the changes."""

    def __init__(self, item, read):
        self.item, self.id, self.device = item, item['id'], item['device']
        self.at = datetime.fromisoformat(item['evaluation_time'].replace('Z', '+00:00'))
        self.nonce, self.request_nonce, self.did, self.is_signed = item['nonce'], None, [], False
        self.files, self.ocsp = {}, []
        for x in item['files']:
            body = read(x['path'])
            if x['role'] == 'ocsp':
                self.ocsp.append([x['of'], x['serial'], x['path'].split('/')[-1], body])
                self.request_nonce = x.get('request_nonce') or self.request_nonce
            else:
                self.files[x['role']] = body
        self.plan = {'chain': {}, 'rim': {}, 'rim_chain': {}, 'ocsp': {}, 'ocsp_key': {}}

    def clone(self):
        other = copy.copy(self)
        other.files, other.ocsp = dict(self.files), [list(e) for e in self.ocsp]
        other.did, other.plan = list(self.did), {part: dict(terms) for part, terms in self.plan.items()}
        return other


# --- reports as parts
class Report:
    def __init__(self, raw):
        length = int.from_bytes(raw[42:45], 'little')
        self.head, self.count, self.length = bytearray(raw[:41]), raw[41], None
        self.blocks, at, end = [], HEAD, HEAD + length
        while at < end:
            size = int.from_bytes(raw[at + 2:at + 4], 'little')
            self.blocks.append([raw[at], raw[at + 1], None, raw[at + 4], None, raw[at + 7:at + 4 + size]])
            at += 4 + size
        self.answer_nonce, at = raw[end:end + 32], end + 34
        self.fields, self.opaque_length, self.tail = [], None, b''
        while at < len(raw) - 96:
            kind, size = int.from_bytes(raw[at:at + 2], 'little'), int.from_bytes(raw[at + 2:at + 4], 'little')
            self.fields.append([kind, None, raw[at + 4:at + 4 + size]])
            at += 4 + size
        self.signature = raw[-96:]

    def bytes(self):
        def two(n):
            return (n & 0xffff).to_bytes(2, 'little')
        blocks = b''.join(bytes([i, spec]) + two(len(v) + 3 if size is None else size) + bytes([kind]) +
                          two(len(v) if inner is None else inner) + v
                          for i, spec, size, kind, inner, v in self.blocks)
        fields = b''.join(two(k) + two(len(v) if size is None else size) + v for k, size, v in self.fields)
        length = len(blocks) if self.length is None else self.length
        opaque = len(fields) if self.opaque_length is None else self.opaque_length
        return (bytes(self.head) + bytes([self.count & 255]) + (length & 0xffffff).to_bytes(3, 'little') + blocks +
                self.answer_nonce + two(opaque) + fields + self.tail + self.signature)


def _pick(rng, items):
    return rng.randrange(len(items))


def change_blocks(r, rng):
    """Repeated, missing and swapped indices, lengths, counts."""
    i, k = _pick(rng, r.blocks), _pick(rng, r.blocks)
    what = rng.choice(['swap', 'repeat', 'twice', 'drop', 'drop-uncounted', 'index', 'specification', 'type', 'size',
                       'inner', 'count', 'length', 'empty', 'longer', 'shorter', 'value', 'other-index', 'shuffle'])
    if what == 'swap':
        r.blocks[i][5], r.blocks[k][5] = r.blocks[k][5], r.blocks[i][5]
    elif what == 'repeat':
        r.blocks.insert(k, list(r.blocks[i]))
        r.count += rng.choice([0, 1])
    elif what == 'twice':
        r.blocks[i][0] = r.blocks[k][0]
    elif what in ('drop', 'drop-uncounted'):
        del r.blocks[i]
        r.count -= what == 'drop'
    elif what == 'index':
        r.blocks[i][0] = rng.choice([0, 65, 128, 255])
    elif what == 'specification':
        r.blocks[i][1] = rng.choice([0, 2, 3, 255])
    elif what == 'type':
        r.blocks[i][3] = rng.randrange(256)
    elif what == 'size':
        r.blocks[i][2] = rng.choice([0, 1, 2, 3, 50, 52, 55, 65535])
    elif what == 'inner':
        r.blocks[i][4] = rng.choice([0, 47, 49, 48 + 256, 65535])
    elif what == 'count':
        r.count += rng.choice([-1, 1, -r.count, 128])
    elif what == 'length':
        r.length = 55 * len(r.blocks) + rng.choice([-55, -1, 1, 4, 55, 65536, 1 << 23])
    elif what == 'empty':
        r.blocks[i][5] = b''
    elif what in ('longer', 'shorter'):
        r.blocks[i][5] = r.blocks[i][5] + b'\0' if what == 'longer' else r.blocks[i][5][:32]
    elif what == 'value':
        r.blocks[i][5] = bytes([r.blocks[i][5][0] ^ 1 << rng.randrange(8)]) + r.blocks[i][5][1:]
    elif what == 'other-index':
        r.blocks[i][0] = 64 + rng.randrange(1, 8)
    else:
        rng.shuffle(r.blocks)
    return 'block-' + what


TEXT_FIELDS = (3, 15, 17, 18, 35)


def change_fields(r, rng):
    """Opaque fields: repeated, missing, unknown, of other lengths and values."""
    i, k = _pick(rng, r.fields), _pick(rng, r.fields)
    what = rng.choice(['repeat', 'drop', 'unknown', 'size', 'length', 'value', 'empty', 'swap', 'shuffle', 'text', 'nul',
                       'longer', 'number', 'decoder', 'version', 'feature', 'fwid', 'vbios', 'tail', 'many'])
    known = {kind: at for at, (kind, _, _) in enumerate(r.fields)}
    if what == 'repeat':
        r.fields.insert(k, list(r.fields[i]))
    elif what == 'drop':
        del r.fields[i]
    elif what == 'unknown':
        r.fields.insert(k, [rng.choice([0, 1, 37, 63, 64, 255, 256, 65535]), None, bytes(rng.randrange(40))])
    elif what == 'size':
        r.fields[i][1] = len(r.fields[i][2]) + rng.choice([-1, 1, 4, 300, 65000])
    elif what == 'length':
        r.opaque_length = sum(4 + len(v) for _, _, v in r.fields) + rng.choice([-4, -1, 1, 4, 96, 30000])
    elif what == 'value':
        body = bytearray(r.fields[i][2])
        if body:
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        r.fields[i][2] = bytes(body)
    elif what == 'empty':
        r.fields[i][2] = b''
    elif what == 'swap':
        r.fields[i], r.fields[k] = r.fields[k], r.fields[i]
    elif what == 'shuffle':
        rng.shuffle(r.fields)
    elif what in ('text', 'nul', 'longer'):
        at = known.get(rng.choice(TEXT_FIELDS))
        if at is not None:
            body = r.fields[at][2].rstrip(b'\0')
            r.fields[at][2] = {'text': body[:-1] + bytes([rng.randrange(1, 256)]), 'nul': body[:2] + b'\0' + body[2:],
                               'longer': body + b'0' * rng.choice([1, 20, 40])}[what]
    elif what == 'number':
        r.fields[i][0] = rng.choice([5, 9, 33, 36, 99])
    elif what in ('decoder', 'version', 'feature', 'fwid', 'vbios'):
        kind = {'decoder': 11, 'version': 34, 'feature': 36, 'fwid': 20, 'vbios': 6}[what]
        value = {'decoder': [b'\xaa', b'\x55', b'\0', b'\x55\0', b'\xaa\x55'], 'version': [b'\2\0', b'\0\1', b'\1'],
                 'feature': [b'\0\0', b'\1\0', b'\2\0', b'\3\0', b'\0'], 'fwid': [b'\0' * 48, b'\1' * 47, b'\1' * 49],
                 'vbios': [b'\0' * 8, b'96.00', b'96.10.55.00.01\0', b'96.10.5g.00.01\0', b'\1' * 9]}[what]
        if kind in known:
            r.fields[known[kind]][2] = rng.choice(value)
        else:
            r.fields.append([kind, None, rng.choice(value)])
    elif what == 'tail':
        r.tail = bytes(rng.choice([1, 4, 96]))
    else:
        r.fields += [[40000 + n, None, b''] for n in range(rng.choice([10, 60]))]
    return 'field-' + what


def change_head(r, rng):
    at = rng.choice([0, 1, 2, 3, 36, 37, 38, 39, 40, rng.randrange(4, 36)])
    r.head[at] ^= 1 << rng.randrange(8)
    return 'head-%s' % ('nonce' if 4 <= at < 36 else at)


def change_report_parts(raw, rng):
    r = Report(raw)
    names = [rng.choice([change_blocks, change_blocks, change_fields, change_fields, change_head])(r, rng)
             for _ in range(1 if rng.random() < .8 else 2)]
    return r.bytes(), '+'.join(names)


def change_bytes(body, rng):
    if not body:
        return body, 'nothing'
    body, at = bytearray(body), rng.randrange(len(body))
    what = rng.choice(['bit', 'bit', 'bit', 'byte', 'cut', 'insert', 'zero-tail', 'tail', 'zeros'])
    if what == 'bit':
        body[at] ^= 1 << rng.randrange(8)
    elif what == 'byte':
        body[at] = rng.randrange(256)
    elif what == 'cut':
        del body[rng.choice([at, max(0, len(body) - rng.randrange(1, 8))]):]
    elif what == 'insert':
        body[at:at] = bytes([rng.randrange(256)])
    elif what in ('zero-tail', 'tail'):
        body += bytes(rng.randrange(1, 40)) if what == 'zero-tail' else rng.choice([b'\n', b'\1', b'x' * 20])
    else:
        body[at:at + 16] = bytes(len(body[at:at + 16]))
    return bytes(body), what


def change_signature(case, rng):
    raw = case.files['report']
    r, s = raw[-96:-48], raw[-48:]
    other = (authority.ORDER - int.from_bytes(s, 'big')) % (1 << 384)
    what, value = rng.choice([('swapped', s + r), ('negated', r + other.to_bytes(48, 'big')), ('zero', bytes(96)),
                              ('r-zero', bytes(48) + s), ('s-order', r + authority.ORDER.to_bytes(48, 'big'))])
    case.files['report'] = raw[:-96] + value
    return 'signature-' + what


# --- chains
def pem_blocks(text):
    return re.findall(rb'-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\r?\n?', text, re.S)


def change_chain(case, rng, others):
    blocks = pem_blocks(case.files['certificate_chain'])
    i, k = _pick(rng, blocks), _pick(rng, blocks)
    foreign = pem_blocks(rng.choice(others).files['certificate_chain'])
    what = rng.choice(['swap', 'drop', 'repeat', 'foreign', 'other-leaf', 'add', 'reverse', 'root-only', 'no-root',
                       'text', 'crlf', 'nul', 'der', 'der', 'armour', 'empty', 'many'])
    if what == 'swap':
        blocks[i], blocks[k] = blocks[k], blocks[i]
    elif what == 'drop':
        del blocks[i]
    elif what == 'repeat':
        blocks.insert(k, blocks[i])
    elif what == 'foreign':
        blocks = foreign
    elif what == 'other-leaf':
        blocks[0] = foreign[0]
    elif what == 'add':
        blocks.insert(k, foreign[_pick(rng, foreign)])
    elif what == 'reverse':
        blocks.reverse()
    elif what == 'root-only':
        blocks = blocks[-1:]
    elif what == 'no-root':
        blocks = blocks[:4]
    elif what == 'text':
        blocks.insert(k, b'a text between certificates\n')
    elif what == 'crlf':
        blocks = [b.replace(b'\n', b'\r\n') for b in blocks]
    elif what == 'nul':
        blocks.append(b'\0')
    elif what == 'der':
        blocks[i] = change_pem(blocks[i], rng)
    elif what == 'armour':
        blocks[i] = blocks[i].replace(b'BEGIN CERTIFICATE', b'BEGIN CERTIFICATE ', 1)
    elif what == 'empty':
        blocks = []
    else:
        blocks = blocks[:1] + blocks[1:] * 9
    case.files['certificate_chain'] = b''.join(blocks)
    return 'chain-' + what


def change_pem(block, rng):
    import base64
    body = bytearray(base64.b64decode(b''.join(block.split(b'\n')[1:-2])))
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    text = base64.b64encode(bytes(body))
    lines = [text[n:n + 64] for n in range(0, len(text), 64)]
    return b'-----BEGIN CERTIFICATE-----\n' + b'\n'.join(lines) + b'\n-----END CERTIFICATE-----\n'


# --- manifests
HASH = re.compile(rb'([0-9A-Za-z]+:Hash0=")([0-9a-f]{96})(")')
RESOURCE = re.compile(rb'<Resource[^>]*?/>|<Resource[^>]*?>\s*</Resource>')


def change_manifest_text(text, rng, others):
    rows = list(RESOURCE.finditer(text))
    row = rows[_pick(rng, rows)] if rows else None
    what = rng.choice(['golden', 'active', 'inactive', 'repeat', 'drop', 'case', 'alternatives', 'size', 'index', 'space',
                       'comment', 'doctype', 'entity', 'second-signature', 'wrap', 'version', 'product', 'other', 'cdata',
                       'instruction', 'golden-short', 'type', 'zero', 'two-payloads', 'meta-twice', 'xml-attribute'])
    if what == 'other':
        return rng.choice(others), what
    if what in ('golden', 'case', 'golden-short', 'zero'):
        found = list(HASH.finditer(text))
        if not found:
            return text, 'nothing'
        m = found[_pick(rng, found)]
        value = m.group(2)
        value = {'golden': bytes([b'0123456789abcdef'[value[0] % 16]]) + value[1:], 'case': value.upper(),
                 'golden-short': value[:-2], 'zero': b'0' * 96}[what]
        return text[:m.start(2)] + value + text[m.end(2):], what
    edits = {'active': (b'active="False"', b'active="True"'), 'inactive': (b'active="True"', b'active="False"'),
             'alternatives': (b'alternatives="1"', rng.choice([b'alternatives="2"', b'alternatives="0"',
                                                               b'alternatives="-1"', b'alternatives="999999"'])),
             'size': (b'size="48"', rng.choice([b'size="47"', b'size="32"', b'size="048"', b'size="0"'])),
             'type': (b'type="Measurement"', b'type="Other"')}
    if what in edits and row is not None:
        return text[:row.start()] + row.group().replace(*edits[what]) + text[row.end():], what
    if what == 'index' and row is not None:
        new = re.sub(rb'index="\d+"', b'index="%d"' % rng.choice([0, 1, 7, 64, 255, 70000]), row.group())
        return text[:row.start()] + new + text[row.end():], what
    if what in ('repeat', 'drop') and row is not None:
        return text[:row.start()] + row.group() * (2 if what == 'repeat' else 0) + text[row.end():], what
    root = re.search(rb'<SoftwareIdentity', text)
    body = text[root.start():]
    if what == 'space':
        return text.replace(b'<Payload', b'\n   <Payload', 1), what
    if what == 'comment':
        return text.replace(b'<Payload', b'<!-- a comment --><Payload', 1), what
    if what == 'doctype':
        return b'<?xml version="1.0"?><!DOCTYPE SoftwareIdentity>' + body, what
    if what == 'entity':
        return (b'<?xml version="1.0"?><!DOCTYPE SoftwareIdentity [<!ENTITY e SYSTEM "file:///etc/passwd">]>' +
                body.replace(b'<Payload', b'&e;<Payload', 1)), what
    if what == 'second-signature':
        signature = re.search(rb'<ds:Signature\b.*</ds:Signature>', text, re.S)
        return (text[:signature.end()] + signature.group() + text[signature.end():] if signature else text), what
    if what == 'wrap':
        return b'<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd">' + body + \
            b'</SoftwareIdentity>', what
    if what == 'version':
        new = rng.choice([b'1.2.3', b'', b'96.00.9f.00.01'])
        return re.sub(rb'colloquialVersion="[^"]*"', b'colloquialVersion="%s"' % new, text, count=1), what
    if what == 'product':
        return re.sub(rb'product="[^"]*"', b'product="%s"' % rng.choice([b'GB100', b'LS10', b'gh100']), text, count=1), what
    if what == 'cdata':
        return text.replace(b'<Payload', b'<![CDATA[x]]><Payload', 1), what
    if what == 'instruction':
        return text.replace(b'<Payload', b'<?target x?><Payload', 1), what
    if what == 'two-payloads':
        return re.sub(rb'(<Payload\b.*</Payload>)', rb'\1\1', text, flags=re.S), what
    if what == 'meta-twice':
        return re.sub(rb'(<Meta\b[^>]*/>)', rb'\1\1', text, flags=re.S), what
    if what == 'xml-attribute':
        return text.replace(b'<Payload', b'<Payload xml:lang="en"', 1), what
    return text, 'nothing'


# --- plans of a vendor of the tests' own
def change_terms(rng, certificate, at):
    """Another certificate than the genuine one."""
    day = timedelta(days=1)
    now = at.replace(tzinfo=None)
    return rng.choice([('no-ca', {'ca': False}), ('ca', {'ca': True}), ('path-0', {'ca': True, 'path': 0}),
                       ('expired', {'to': max(now - day, certificate.not_valid_before + day)}),
                       ('early', {'from': now + day, 'to': now + 9 * day}),
                       ('serial', {'serial': certificate.serial_number ^ 1 or 2}),
                       ('other-issuer', {'issuer': x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'X')])}),
                       ('other-subject', {'subject': x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'X')])}),
                       ('own-signature', {'signer': authority.key_for(certificate)}),
                       ('no-usage', {'drop': '2.5.29.15'}), ('no-constraints', {'drop': '2.5.29.19'}),
                       ('no-fwid', {'drop': '2.23.133.5.4.1'}), ('no-eku', {'drop': '2.5.29.37'})])


def change_answer(rng, case):
    day = timedelta(hours=24)
    now = case.at.replace(tzinfo=None)
    revoked = {'status': ocsp.OCSPCertStatus.REVOKED}
    return rng.choice([
        ('revoked', dict(revoked, reason=x509.ReasonFlags.key_compromise)), ('revoked-plain', dict(revoked)),
        ('hold', dict(revoked, reason=x509.ReasonFlags.certificate_hold)),
        ('unknown', {'status': ocsp.OCSPCertStatus.UNKNOWN}), ('stale', {'this': now - 2 * day, 'next': now - day}),
        ('early', {'this': now + day, 'next': now + 2 * day}), ('no-next', {'next': None}),
        ('sha1', {'algorithm': hashes.SHA1()}), ('sha1-revoked', dict(revoked, algorithm=hashes.SHA1())),
        ('sha256', {'algorithm': hashes.SHA256()}), ('sha512', {'algorithm': hashes.SHA512()}),
        ('nonce', {'nonce': bytes(range(16))}), ('no-certificate', {'certificates': []}),
        ('data', {'data': lambda d, n=rng.randrange(1 << 20), b=rng.randrange(8):
                  d[:n % len(d)] + bytes([d[n % len(d)] ^ 1 << b]) + d[n % len(d) + 1:]})])


def plan_authority(case, rng, others):
    what = rng.choice(['report'] * 5 + ['chain', 'chain', 'rim', 'rim', 'rim', 'rim-chain', 'ocsp', 'ocsp', 'ocsp-key',
                                        'nothing'])
    rims = [k for k in RIMS if k in case.files]
    if what == 'report':
        case.files['report'], name = change_report_parts(case.files['report'], rng)
        return 'signed-' + name
    if what == 'chain':
        chain = [x509.load_pem_x509_certificate(b) for b in pem_blocks(case.files['certificate_chain'])]
        i = rng.randrange(4)
        name, case.plan['chain'][i] = change_terms(rng, chain[i], case.at)
        return 'signed-chain-%d-%s' % (i, name)
    if what in ('rim', 'rim-chain') and rims:
        role = rng.choice(rims)
        if what == 'rim':
            case.plan['rim'][role], name = change_manifest_text(case.files[role], rng, others[role])
            return 'signed-rim-' + name
        certificates = authority.certificates_of_manifest(case.files[role])
        i = rng.randrange(len(certificates) - 1)
        name, terms = change_terms(rng, certificates[i], case.at)
        case.plan['rim_chain'][role] = {i: terms}
        return 'signed-rim-chain-%d-%s' % (i, name)
    if what in ('ocsp', 'ocsp-key') and case.ocsp:
        i = rng.randrange(len(case.ocsp))
        if what == 'ocsp':
            name, case.plan['ocsp'][i] = change_answer(rng, case)
            return 'signed-ocsp-' + name
        genuine = ocsp.load_der_ocsp_response(case.ocsp[i][3]).certificates[0]
        name, case.plan['ocsp_key'][i] = change_terms(rng, genuine, case.at)
        return 'signed-ocsp-key-' + name
    return 'signed-nothing'


def sign_case(case):
    """The case as the tests' own vendor makes it, by its plan."""
    load = lambda role: [x509.load_pem_x509_certificate(b) for b in pem_blocks(case.files[role])]
    root, chain, plan = load('trusted_root')[0], load('certificate_chain'), case.plan
    pools = {'device': (chain + [root], authority.issue_all(chain, [root], plan['chain']))}
    case.files['trusted_root'] = authority.pem([authority.issue(root, root)])
    case.files['certificate_chain'] = authority.pem(pools['device'][1])
    raw = case.files['report']
    if len(raw) > 96:
        case.files['report'] = raw[:-96] + authority.raw_signature(chain[0], raw[:-96])
    genuine_rim, new_rim = [], []
    if 'rim_root' in case.files:
        rim_root = load('rim_root')[0]
        case.files['rim_root'] = authority.pem([authority.issue(rim_root, rim_root)])
        genuine_rim.append(rim_root)
        new_rim.append(authority.issue(rim_root, rim_root))
    for role in (k for k in RIMS if k in case.files):
        genuine = authority.certificates_of_manifest(case.files[role])
        new = authority.issue_all(genuine, genuine_rim[:1], plan['rim_chain'].get(role))
        genuine_rim += genuine
        new_rim += new
        text = plan['rim'].get(role, case.files[role])
        try:
            case.files[role] = authority.sign_manifest(text, genuine, new)
        except Exception:  # not XML any more: it stays unsigned
            case.files[role] = text
    pools['rim'] = (genuine_rim, new_rim)
    for i, entry in enumerate(case.ocsp):
        sign_answer(case, i, entry, *pools[entry[0]], root)
    case.is_signed = True


def sign_answer(case, i, entry, genuine, new, root):
    """Serial numbers of a plan change what the response is about, as they would for the genuine responder."""
    response = ocsp.load_der_ocsp_response(entry[3])
    pool = genuine + [root]
    subject = next(k for k, c in enumerate(genuine) if '%x' % c.serial_number == entry[1])
    issuer = authority.issuer_in(genuine[subject], pool)
    responder = authority.issue(response.certificates[0], issuer, case.plan['ocsp_key'].get(i))
    own = next((n for g, n in zip(genuine, new) if g == issuer), authority.issue(issuer, issuer))
    entry[1] = '%x' % new[subject].serial_number
    entry[3] = authority.answer(response, new[subject], own, responder, authority.key_for(response.certificates[0]),
                                case.plan['ocsp'].get(i))


# --- changes that nothing is signed after
def change_ocsp(case, rng, others):
    i = rng.randrange(len(case.ocsp))
    what = rng.choice(['bytes', 'bytes', 'drop', 'swap', 'other', 'twice', 'unauthorized'])
    if what == 'bytes':
        case.ocsp[i][3], name = change_bytes(case.ocsp[i][3], rng)
        return 'ocsp-' + name
    if what == 'drop':
        del case.ocsp[i]
    elif what == 'swap':
        k = rng.randrange(len(case.ocsp))
        case.ocsp[i][3], case.ocsp[k][3] = case.ocsp[k][3], case.ocsp[i][3]
    elif what == 'other':
        case.ocsp[i][3] = rng.choice(others['ocsp'])
    elif what == 'twice':
        case.ocsp.append(list(case.ocsp[i]))
    else:
        case.ocsp[i][3] = bytes.fromhex('30030a0106')
    return 'ocsp-' + what


def change_time(case, rng):
    """Around the edges of each window of the case."""
    edges = [case.at]
    for entry in case.ocsp:
        r = ocsp.load_der_ocsp_response(entry[3])
        edges += [r.this_update, r.next_update, r.certificates[0].not_valid_after]
    for role in (k for k in RIMS if k in case.files):
        for c in authority.certificates_of_manifest(case.files[role]):
            edges += [c.not_valid_before, c.not_valid_after]
    edge = rng.choice(edges).replace(tzinfo=case.at.tzinfo)
    case.at = edge + timedelta(seconds=rng.choice([-86400, -1, 0, 1, 86400, 30 * 86400]))
    return 'time'


def change_plain(case, rng, bases, others):
    rims = [k for k in RIMS if k in case.files]
    what = rng.choice(['report', 'report', 'parts', 'signature', 'chain', 'chain', 'rim', 'rim-bytes', 'ocsp', 'ocsp',
                       'time', 'nonce', 'drop-rim'])
    if what == 'report':
        case.files['report'], name = change_bytes(case.files['report'], rng)
        return 'report-' + name
    if what == 'parts':
        case.files['report'], name = change_report_parts(case.files['report'], rng)
        return name
    if what == 'signature':
        return change_signature(case, rng)
    if what == 'chain':
        return change_chain(case, rng, bases)
    if what in ('rim', 'rim-bytes') and rims:
        role = rng.choice(rims)
        if what == 'rim-bytes':
            case.files[role], name = change_bytes(case.files[role], rng)
        else:
            case.files[role], name = change_manifest_text(case.files[role], rng, others[role])
        return '%s-%s' % (what, name)
    if what == 'ocsp' and case.ocsp:
        return change_ocsp(case, rng, others)
    if what == 'time':
        return change_time(case, rng)
    if what == 'drop-rim' and rims:
        del case.files[rng.choice(rims)]
        return what
    case.nonce = '%064x' % rng.getrandbits(256)
    return 'nonce'


def make_case(bases, others, seed, number):
    """Case `number` of a seed: the same for any count and order of cases, but for the signatures' own randomness."""
    rng = random.Random('%d/%d' % (seed, number))
    rich = [b for b in bases if b.ocsp or 'driver_rim' in b.files]
    case = rng.choice(bases if rng.random() < .4 else rich).clone()
    if rng.random() < .45:
        case.did.append(plan_authority(case, rng, others))
        sign_case(case)
        if rng.random() < .85:
            return case
    for _ in range(1 if rng.random() < .85 else 2):
        try:
            case.did.append(change_plain(case, rng, bases, others))
        except Exception:  # a second change of what the first one made unreadable
            case.did.append('unchangeable')
    return case
