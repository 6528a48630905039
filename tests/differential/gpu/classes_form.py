"""The first rule of RFC 5280 and X.690 that a certificate breaks, by a reader of the comparison's own.

The package `cryptography` reads names, extensions and keys late, and some of what DER does not allow it accepts. A class
that says "the certificate is malformed" needs the rule by name.
"""
SHA384 = '608648016503040202'
ECDSA = ('2a8648ce3d040302', '2a8648ce3d040303')
CURVES = {'301306072a8648ce3d020106082a8648ce3d030107': 65, '301006072a8648ce3d020106052b81040022': 97}
BASIC_CONSTRAINTS, KEY_USAGE, KEY_PURPOSES = '551d13', '551d0f', '551d25'
SUBJECT_KEY, AUTHORITY_KEY, NAMES = '551d0e', '551d23', '551d11'
DEVICE_ID, TCB_INFO = '678105050401', '67810505040101'
KNOWN = (BASIC_CONSTRAINTS, KEY_USAGE, KEY_PURPOSES, SUBJECT_KEY, AUTHORITY_KEY, NAMES, DEVICE_ID, TCB_INFO)
SEQUENCE, SET, INTEGER, BITS, OCTETS, OID, BOOLEAN = 0x30, 0x31, 2, 3, 4, 6, 1
STRINGS = (0x0c, 0x12, 0x13, 0x14, 0x16, 0x1c, 0x1e)


class Broken(Exception):
    """A rule, by its number and a few words."""


def demand(holds, rule):
    if not holds:
        raise Broken(rule)


class Der:
    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def is_next(self, tag):
        return self.left() > 0 and self.data[self.at] == tag

    def take(self, tag=None):
        """(tag, content, the whole element)"""
        begin = self.at
        demand(self.left() >= 2, 'X.690 8.1: an element has a tag and a length')
        found, first = self.data[begin], self.data[begin + 1]
        demand(tag is None or found == tag, 'RFC 5280 4.1: another element at this place')
        demand(found & 31 != 31, 'X.690 8.1.2: a tag of one byte')
        at, length = begin + 2, first
        if first >= 128:
            count = first & 127
            demand(1 <= count <= 3 and count <= len(self.data) - at, 'X.690 10.1: definite lengths')
            length = int.from_bytes(self.data[at:at + count], 'big')
            demand(self.data[at] != 0 and length >= 128, 'X.690 10.1: the shortest form of a length')
            at += count
        demand(length <= len(self.data) - at, 'X.690 8.1.3: a length within what encloses it')
        self.at = at + length
        content = self.data[at:self.at]
        if found == OID:
            starts = [True] + [b < 128 for b in content]
            demand(content and starts[-1] and not any(s and b == 128 for s, b in zip(starts, content)),
                   'X.690 8.19.2: complete numbers of an OID in the shortest form')
        return found, content, self.data[begin:self.at]

    def open(self, tag):
        return Der(self.take(tag)[1])

    def end(self):
        demand(self.left() == 0, 'RFC 5280 4.1: nothing behind the last element')

    def number(self, limit):
        content = self.take(INTEGER)[1]
        demand(content and (len(content) == 1 or content[0] not in (0, 255) or content[0] >> 7 != content[1] >> 7),
               'X.690 8.3.2: the shortest form of a number')
        demand(content[0] < 128 and len(content.lstrip(b'\0')) <= limit, 'RFC 5280 4.1.2.2: a number in its range')
        return int.from_bytes(content, 'big')

    def bits(self):
        content = self.take(BITS)[1]
        demand(content and content[0] == 0, 'RFC 5480 2.2: bits that are whole bytes')
        return content[1:]


def _read_name(fields):
    _, content, whole = fields.take(SEQUENCE)
    demand(len(whole) <= 256, 'a limit: 256 bytes of a name')
    names = Der(content)
    while names.left():
        parts = names.open(SET)
        demand(parts.left(), 'RFC 5280 4.1.2.4: a set of at least one attribute')
        while parts.left():
            pair = parts.open(SEQUENCE)
            pair.take(OID)
            tag, text, _ = pair.take()
            pair.end()
            demand(tag in STRINGS, 'RFC 5280 4.1.2.4: a string of a known type')
            if tag == 0x0c:
                try:
                    text.decode('utf-8')
                except UnicodeDecodeError:
                    raise Broken('RFC 3629: UTF-8')


def _read_time(fields):
    tag, content, _ = fields.take()
    demand((tag, len(content)) in ((0x17, 13), (0x18, 15)) and content[:-1].isdigit() and content[-1:] == b'Z',
           'RFC 5280 4.1.2.5: a time with seconds, in Z')


def _read_key(fields):
    key = fields.open(SEQUENCE)
    whole = key.take(SEQUENCE)[2].hex()
    point = key.bits()
    key.end()
    demand(CURVES.get(whole) == len(point) and point[0] == 4, 'RFC 5480 2.1.1: an uncompressed point of a named curve')


def _read_firmware(fields):
    fwid = fields.open(SEQUENCE)
    algorithm = fwid.take(OID)[1].hex()
    digest = fwid.take(OCTETS)[1]
    fwid.end()
    demand(algorithm == SHA384 and len(digest) == 48, 'TCG DICE 6.1: a firmware identity by SHA-384')


def _read_extension(oid, value):
    whole = Der(value)
    if oid == BASIC_CONSTRAINTS:
        fields = whole.open(SEQUENCE)
        if fields.is_next(BOOLEAN):
            demand(fields.take()[1] in (b'\0', b'\xff'), 'X.690 11.1: a truth value is 0 or 255')
        if fields.left():
            fields.number(4)
        fields.end()
    elif oid == KEY_USAGE:
        bits = whole.take(BITS)[1]
        demand(bits and bits[0] < 8 and (len(bits) > 1 or bits[0] == 0), 'X.690 8.6.2: up to seven unused bits')
        demand(len(bits) == 1 or not bits[-1] & (1 << bits[0]) - 1, 'X.690 11.2.1: unused bits are zero')
    elif oid == KEY_PURPOSES:
        purposes = whole.open(SEQUENCE)
        while purposes.left():
            purposes.take(OID)
    elif oid == SUBJECT_KEY:
        demand(1 <= len(whole.take(OCTETS)[1]) <= 64, 'RFC 5280 4.2.1.2: a key identifier')
    elif oid == AUTHORITY_KEY:
        fields = whole.open(SEQUENCE)
        if fields.is_next(0x80):
            demand(1 <= len(fields.take()[1]) <= 64, 'RFC 5280 4.2.1.1: a key identifier')
        for tag in (0xa1, 0x82):
            if fields.is_next(tag):
                fields.take()
        fields.end()
    elif oid == NAMES:
        names = whole.open(SEQUENCE)
        while names.left():
            names.take()
    elif oid == DEVICE_ID:
        fields = whole.open(SEQUENCE)
        fields.number(4)
        fields.take(SEQUENCE)
        _read_firmware(fields)
        fields.end()
    elif oid == TCB_INFO:
        fields, count = whole.open(SEQUENCE), 0
        while fields.left():
            tag, content, _ = fields.take()
            if tag == 0xa6:
                _read_firmware(Der(content))
                count += 1
        demand(count < 2, 'TCG DICE 6.1.1: one list of firmware identities')
    else:
        return
    whole.end()


def _read_extensions(fields):
    """[(OID, whether it is critical)]"""
    found = []
    every = fields.open(0xa3)
    fields.end()
    row = every.open(SEQUENCE)
    every.end()
    while row.left():
        one = row.open(SEQUENCE)
        oid, critical = one.take(OID)[1].hex(), b'\0'
        if one.is_next(BOOLEAN):
            critical = one.take()[1]
        demand(critical in (b'\0', b'\xff'), 'X.690 11.1: a truth value is 0 or 255')
        value = one.take(OCTETS)[1]
        one.end()
        demand(oid not in [name for name, _ in found], 'RFC 5280 4.2: an extension once')
        demand(not {oid} | {name for name, _ in found} >= {DEVICE_ID, TCB_INFO}, 'TCG DICE 6.1: one form of an identity')
        found.append((oid, critical == b'\xff'))
        _read_extension(oid, value)
    return found


def _read(encoded):
    outer = Der(encoded)
    whole = outer.open(SEQUENCE)
    outer.end()
    _, content, _ = whole.take(SEQUENCE)
    algorithm = whole.take(SEQUENCE)[2]
    fields, version = Der(content), 0
    if fields.is_next(0xa0):
        inside = fields.open(0xa0)
        version = inside.number(1)
        inside.end()
    demand(version in (0, 1, 2), 'RFC 5280 4.1.2.1: a version up to 3')
    fields.number(20)
    signed = fields.take(SEQUENCE)[2]
    _read_name(fields)
    dates = fields.open(SEQUENCE)
    _read_time(dates)
    _read_time(dates)
    dates.end()
    _read_name(fields)
    _read_key(fields)
    demand(not fields.left() or version == 2, 'RFC 5280 4.1.2.9: extensions in version 3 alone')
    extensions = _read_extensions(fields) if fields.left() else []
    demand(algorithm == signed, 'RFC 5280 4.1.1.2: the algorithm outside is the one inside')
    inside = Der(algorithm).open(SEQUENCE)
    demand(inside.take(OID)[1].hex() in ECDSA, 'RFC 5758 3.2: ECDSA with SHA-256 or SHA-384')
    demand(not inside.left() or inside.take()[2] == b'\5\0', 'RFC 5758 3.2: an algorithm without parameters')
    values = Der(whole.bits()).open(SEQUENCE)
    values.number(48)
    values.number(48)
    values.end()
    whole.end()
    return extensions


def broken_rule(encoded):
    """Returns: the rule, or None for a well-formed certificate."""
    try:
        _read(encoded)
    except Broken as rule:
        return str(rule)
    return None


def unknown_critical(encoded):
    """RFC 5280 4.2: an extension that is critical and unknown refuses the certificate. Returns: whether it has one."""
    try:
        return any(critical and oid not in KNOWN for oid, critical in _read(encoded))
    except Broken:
        return False
