#!/usr/bin/env python3
"""Verdicts about NVIDIA's devices compared with those of the reference checker, on changed evidence.

usage: run.py --program PROGRAM [--vectors FOLDER] [--count N] [--seed N] [--first N] [--case N] [--time SECONDS]
              [--show N] [--jobs N] [--progress FILE]

The folder has genuine reports with their collateral (MANIFEST.json) and verify.py, a checker that shares no code with
Assay. Each case is judged by it, in this process, and by PROGRAM (answers.c), one process for all cases. They have to
agree about the whole and about its parts; a disagreement that no class of classes.py explains fails the run.
--case N prints one case. --time ends the run after that time, with what it has. --jobs processes share the cases
(default: one a processor) in batches; which case is which does not depend on them. --progress adds a line to FILE for
each batch that is complete: the same command continues after them. A line counts for the same program, comparison and
checker alone, by their digests. With other classes alone, only the cases that disagreed are compared once more.

Exit status: 0 all explained, 1 not, 2 usage, 77 without the folder or the Python packages that verify.py needs.
"""
import argparse
import collections
import concurrent.futures
import copy
import hashlib
import importlib.util
import io
import json
import os
import re
import struct
import subprocess
import sys
import time
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def skip(why):
    print('differential of GPUs: %s: skipped' % why, file=sys.stderr)
    sys.exit(77)


try:
    warnings.simplefilter('ignore')
    import classes
    import mutations
    import authority
    import parsed
    from parsed import x509
except ImportError as missing:
    skip('no Python package %s (Debian: python3-cryptography, python3-lxml)' % missing.name)


# --- the reference checker
def load_checker(vectors):
    """verify.py with its files in memory, and with what depends on bytes alone judged once."""
    spec = importlib.util.spec_from_file_location('reference_checker', os.path.join(vectors, 'verify.py'))
    checker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checker)
    checker.xmlsec = lambda text: None
    checker.x509, checker.ocsp = parsed.x509, parsed.ocsp
    pem_chain, issued = checker.pem_chain, checker.issued
    check_rim, check_ocsp = checker.check_rim, checker.check_ocsp
    chain_cache, issued_cache, rim_cache, ocsp_cache = parsed.Cache(), parsed.Cache(), parsed.Cache(4000), parsed.Cache()

    def chain_once(text):
        return list(chain_cache.get_or_make(text, lambda: pem_chain(text)))

    def issued_once(child, parent):
        return issued_cache.get_or_make((authority.der(child), authority.der(parent)), lambda: issued(child, parent))

    def rim_once(text, root, when):
        at = (hashlib.sha256(text).digest(), authority.der(root), when)
        rim, answers = rim_cache.get_or_make(at, lambda: without_tree(*check_rim(text, root, when)))
        return copy.copy(rim), dict(answers)

    def without_tree(rim, answers):
        if rim is not None:
            del rim['root']  # of the parser, large; a later reader of it would fail
        return rim, answers

    def ocsp_once(body, subject, issuer, pool, root, when, nonce=None):
        at = (hashlib.sha256(body).digest(), authority.der(subject), issuer and authority.der(issuer), when, nonce,
              hashlib.sha256(b''.join(authority.der(c) for c in list(pool) + [root])).digest())
        return dict(ocsp_cache.get_or_make(at, lambda: check_ocsp(body, subject, issuer, pool, root, when, nonce)))

    checker.pem_chain, checker.issued = chain_once, issued_once
    checker.check_rim, checker.check_ocsp = rim_once, ocsp_once
    return checker


def ask_checker(checker, case):
    """The whole of verify.py's answer; one that it has none for is a refusal, with the reason."""
    files, bodies = [], {}
    for role, body in case.files.items():
        bodies[role] = body
        files.append({'path': role, 'role': role, 'bytes': len(body), 'sha256': hashlib.sha256(body).hexdigest()})
    for i, (of, serial, name, body) in enumerate(case.ocsp):
        path = 'ocsp/%d/%s' % (i, name)
        bodies[path] = body
        files.append({'path': path, 'role': 'ocsp', 'bytes': len(body), 'sha256': hashlib.sha256(body).hexdigest(),
                      'of': of, 'serial': serial, 'request_nonce': case.request_nonce})
    item = {'files': files, 'evaluation_time': case.at.isoformat(), 'device': case.device, 'nonce': case.nonce}
    checker.open = lambda path, mode: io.BytesIO(bodies[path])
    try:
        return checker.evaluate(item, '')
    except Exception as fault:  # any: it was written for genuine files
        return {'accept': False, 'reasons': ['unreadable'], 'fault': '%s: %s' % (type(fault).__name__, fault)}


# --- Assay
def frame(case):
    def piece(body):
        return struct.pack('<I', len(body)) + body

    def root(role):
        return authority.der(x509.load_pem_x509_certificate(case.files[role])) if role in case.files else b''
    files = [body for role, body in case.files.items() if role != 'report'] + [e[3] for e in case.ocsp]
    files = [f for f in files if f]
    return (struct.pack('<q', int(case.at.timestamp())) + piece(bytes.fromhex(case.request_nonce or '')) +
            piece(root('trusted_root')) + piece(root('rim_root')) + piece(case.files['report']) +
            struct.pack('<I', len(files)) + b''.join(piece(f) for f in files))


STATES = {'0': None, '1': 'unknown', '2': True, '3': False}


def read_answer(line, case):
    parts = line.rstrip('\n').split('|')
    proofs = dict(zip(('signature', 'chain', 'fwid', 'driver_rim', 'vbios_rim'), (STATES[c] for c in parts[3])))
    reasons = list(zip(parts[5::3], parts[6::3], parts[7::3]))
    return {'parsed': parts[0] == '1', 'status': parts[1], 'genuine': parts[2], 'proofs': proofs, 'reasons': reasons,
            'rules': {r for r, _, _ in reasons}, 'nonce': parts[4] == case.nonce}


def is_open(reason, case):
    """A reason about what the case has no file for: the reference says nothing about that either."""
    rule, expected, _ = reason
    if rule == 'collateral-missing' and expected.startswith('the manifest of '):
        return ('driver_rim' if expected.startswith('the manifest of driver') else 'vbios_rim') not in case.files
    return rule == 'revocation-unknown' and not any(('for ' + n) in expected for n in case.answered)


def name_of(certificate):
    try:
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except Exception:  # the package reads names late, with errors of several types
        return ''
    return names[0].value if names else ''


RIM_TAILS = {'driver_rim': ' (driver RIM)', 'vbios_rim': ' (VBIOS RIM)'}


def chain_of(case, role, serves=None):
    """[(certificate, its name in a verdict)] of a chain or a manifest; signers of manifests have one name, with what
    the manifest serves as."""
    try:
        pool = [x509.load_pem_x509_certificate(b) for b in mutations.pem_blocks(case.files.get(role, b''))] \
            if role == 'certificate_chain' else authority.certificates_of_manifest(case.files.get(role, b''))
    except Exception:
        return []
    return [(c, name_of(c) + (RIM_TAILS.get(serves or role, '') if at == 0 else '')) for at, c in enumerate(pool)]


def names_answered(case):
    """Names in verdicts whose certificates all have responses: authorities of two manifests may share a name."""
    serials = {e[1] for e in case.ocsp}
    found = {('%x' % c.serial_number in serials, name) for role in ('certificate_chain',) + mutations.RIMS
             for c, name in chain_of(case, role)}
    return {name for answered, name in found if answered and (False, name) not in found}


def version_of(case, role):
    found = re.search(rb'colloquialVersion="([^"]*)"', case.files.get(role, b''))
    return found.group(1).upper() if found else None


def windows_of(case, role):
    """Its certificates as reasons about time name them: authorities of two manifests may differ in dates alone. Of two
    manifests of one version Assay takes either."""
    files = [r for r in mutations.RIMS if r == role or (
        version_of(case, r) is not None and version_of(case, r) == version_of(case, role))]
    return {'%s valid %s to %s' % (name, c.not_valid_before.strftime('%Y-%m-%dT%H:%M:%SZ'),
                                   c.not_valid_after.strftime('%Y-%m-%dT%H:%M:%SZ'))
            for file in files for c, name in chain_of(case, file, role)}


# --- the comparison
def parts_of_reference(ref):
    """What verify.py says about each part; None: nothing."""
    if 'fault' in ref:
        return {}
    out = {'parsed': ref['report_parsed'], 'signature': ref.get('report_signature_valid'), 'chain': ref['chain_valid'],
           'fwid': ref.get('fwid_matches'), 'nonce': ref.get('nonce_matches')}
    for role in ('driver_rim', 'vbios_rim'):
        if role in ref and isinstance(ref[role], dict):
            rim = ref[role]
            out[role] = bool(rim.get('parsed')) and all(
                rim[k] for k in ('signature', 'chain_in_time', 'version_match', 'product_match'))
    if 'measurements_differ' in ref:
        out['differ'], out['conflicts'] = ref['measurements_differ'], ref['index_conflicts']
    return out


def parts_of_assay(ours, case):
    proofs, reasons = ours['proofs'], ours['reasons']
    late = [e for r, e, _ in reasons if r == 'certificate-time' and not e.startswith('OCSP')]
    windows = {role: windows_of(case, role) for role in RIM_TAILS} if late else {}
    about_rim = [e for e in late if any(e in of for of in windows.values())]
    out = {'parsed': ours['parsed'], 'signature': proofs['signature'] is True,
           'chain': proofs['chain'] is True and len(late) == len(about_rim), 'fwid': proofs['fwid'],
           'nonce': ours['nonce']}
    for role in RIM_TAILS:
        out[role] = proofs[role] is True and not any(e in windows[role] for e in about_rim)
    differ = [o for r, _, o in reasons if r == 'golden-value']
    out['differ'] = sorted(int(n) for o in differ for n in re.findall(r'\b\d+\b', o))
    out['conflicts'] = sorted(int(n) for r, _, o in reasons if r == 'rim-conflict' for n in o.split())
    return out


BEHIND = ('fwid', 'differ', 'conflicts', 'driver_rim', 'vbios_rim')


def disagreements(case, ref, ours):
    """('accept' or a part, reference, Assay) for each difference."""
    accept = ours['parsed'] and ours['nonce'] and ours['genuine'] != '2' and \
        not any(not is_open(r, case) for r in ours['reasons'])
    out = []
    if accept != ref['accept']:
        out.append(('accept', ref['accept'], accept))
    theirs, own = parts_of_reference(ref), parts_of_assay(ours, case)
    if not own['parsed'] or not theirs.get('parsed'):
        theirs = {k: v for k, v in theirs.items() if k == 'parsed'}
    for part, value in theirs.items():
        if part in ('differ', 'conflicts') and not all(own[r] for r in mutations.RIMS if r in theirs):
            continue  # Assay compares by manifests that count, the reference by all
        if part in BEHIND and not (ours['proofs']['chain'] is True and own['signature']):
            continue  # nothing is compared before the device is known
        if value is not None and value != own[part]:
            out.append((part, value, own[part]))
    return out, accept


def read_bases(vectors):
    def read(path):
        with open(os.path.join(vectors, path), 'rb') as f:
            return f.read()
    with open(os.path.join(vectors, 'MANIFEST.json'), encoding='utf-8') as f:
        items = json.load(f)['cases']
    bases = [mutations.Case(i, read) for i in items if i['expected']['checked']['accept']]
    others = {role: [b.files[role] for b in bases if role in b.files] for role in mutations.RIMS}
    others['ocsp'] = [e[3] for b in bases for e in b.ocsp]
    return bases, others


class Tally:
    """What some of the cases came to."""

    def __init__(self):
        self.done, self.bad, self.differing = 0, [], []  # differing: numbers of cases
        self.counts, self.explained = collections.Counter(), collections.Counter()

    def add(self, other):
        self.done, self.bad = self.done + other.done, self.bad + other.bad
        self.counts += other.counts
        self.explained += other.explained

    def report(self, seed, shown):
        c = self.counts
        print('cases %d, seed %d (signed by the tests\' own vendor %d): both accept %d, both refuse %d, one alone %d' % (
            self.done, seed, c['signed'], c['both accept'], c['both refuse'], c['one accepts']))
        for name, n in sorted(self.explained.items()):
            print('  %-28s %6d  %s' % (name, n, classes.REASONS[name]))
        print('unexplained %d' % len(self.bad))
        for line in self.bad[:shown]:
            print(line)


class Run:
    def __init__(self, args):
        self.args, self.checker = args, load_checker(args.vectors)
        self.bases, self.others = read_bases(args.vectors)
        self.process = subprocess.Popen([args.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.tally = Tally()

    def judge(self, number):
        case = mutations.make_case(self.bases, self.others, self.args.seed, number)
        case.answered = names_answered(case)
        self.process.stdin.write(frame(case))
        self.process.stdin.flush()
        ref = ask_checker(self.checker, case)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit('case %d: %s ended' % (number, self.args.program))
        return case, ref, read_answer(line.decode('ascii'), case)

    def ask(self, case):
        ref = ask_checker(self.checker, case)
        if 'fault' not in ref:
            return dict(parts_of_reference(ref), accept=ref['accept'])
        # Nothing but acceptance depends on responses, and on manifests nothing but what is said about them; a file
        # that cannot be read ends the checker.
        bare = case.clone()
        bare.ocsp = []
        ref = ask_checker(self.checker, bare)
        if 'fault' in ref:
            for role in mutations.RIMS:
                bare.files.pop(role, None)
            ref = ask_checker(self.checker, bare)
        return dict(parts_of_reference(ref), accept=False)

    def compare(self, number):
        case, ref, ours = self.judge(number)
        tally = self.tally
        found, accept = disagreements(case, ref, ours)
        tally.counts['both accept' if accept and ref['accept'] else
                    'both refuse' if not accept and not ref['accept'] else 'one accepts'] += 1
        if case.is_signed:
            tally.counts['signed'] += 1
        if found:
            tally.differing.append(number)
        for part, theirs, own in found:
            name = classes.explain(part, theirs, own, case, ref, ours, self.ask, is_open)
            if name is not None:
                tally.explained[name] += 1
                continue
            tally.bad.append('unexplained: case %d, %s (%s): %s: reference %s, Assay %s; %s %s' % (
                number, case.id, ', '.join(case.did), part, theirs, own, ref.get('fault') or ref['reasons'],
                [ours['status']] + [r for r in ours['reasons'] if not is_open(r, case)]))

    def compare_batch(self, numbers):
        """Some cases in turn, fewer when the time is over."""
        self.tally = Tally()
        for number in numbers:
            if time.monotonic() > self.args.end:
                break
            self.compare(number)
            self.tally.done += 1
        return self.tally


# --- batches, and those of earlier runs
BATCH = 250
_run = None  # of this process


def start_process(args):
    global _run
    _run = Run(args)


def compare_batch(first, numbers):
    return first, _run.compare_batch(numbers)


def digest_of_files(paths):
    whole = hashlib.sha256()
    for path in paths:
        with open(path, 'rb') as f:
            whole.update(hashlib.sha256(f.read()).digest())
    return whole.hexdigest()


def digests_of_parts(args):
    """Of all that decides what a case comes to, but for the seed and the number; and of the classes."""
    own = sorted(os.path.join(HERE, n) for n in os.listdir(HERE) if n.endswith('.py'))
    explaining = [path for path in own if os.path.basename(path).startswith('classes')]
    paths = [args.program, os.path.join(args.vectors, 'verify.py'), os.path.join(args.vectors, 'MANIFEST.json')]
    return digest_of_files(paths + [path for path in own if path not in explaining]), digest_of_files(explaining)


def read_progress(path, digests, seed):
    """{first case: (its batch's tally, whether its classes are these)} of the same build and seed; a line cut short is
    none."""
    found = {}
    if not path or not os.path.exists(path):
        return found
    with open(path, encoding='utf-8') as f:
        for line in f:
            try:
                x = json.loads(line)
            except ValueError:
                continue
            if (x['build'], x['seed']) == (digests[0], seed):
                tally = Tally()
                tally.done, tally.bad, tally.differing = x['cases'], x['unexplained'], x['differing']
                tally.counts, tally.explained = collections.Counter(x['counts']), collections.Counter(x['explained'])
                found[x['first']] = tally, x['classes'] == digests[1]
    return found


def write_progress(path, digests, seed, first, tally):
    line = json.dumps({'build': digests[0], 'classes': digests[1], 'seed': seed, 'first': first, 'cases': tally.done,
                       'counts': tally.counts, 'explained': tally.explained, 'unexplained': tally.bad,
                       'differing': tally.differing})
    with open(path, 'a', encoding='utf-8') as f:
        f.write('\n' + line + '\n')  # a line that an end of the process cut short stays alone


def compare_all(args):
    digests, total = digests_of_parts(args), Tally()
    known = read_progress(args.progress, digests, args.seed)
    size = max(1, min(BATCH, -(-args.count // args.jobs)))
    left = {}
    for first in range(args.first, args.first + args.count, size):
        count = min(size, args.first + args.count - first)
        tally, is_explained = known.get(first, (Tally(), False))
        if tally.done != count:
            left[first] = range(first, first + count)
        elif is_explained:
            total.add(tally)
        else:
            left[first] = tally.differing
    if total.done > 0:
        print('%d cases were compared before' % total.done)
    with concurrent.futures.ProcessPoolExecutor(args.jobs, initializer=start_process, initargs=(args,)) as pool:
        futures = [pool.submit(compare_batch, *b) for b in left.items()]
        for done in concurrent.futures.as_completed(futures):
            first, part = done.result()
            is_complete = part.done == len(left[first])
            if isinstance(left[first], list) and is_complete:  # what agreed agrees with any classes
                part.done, part.counts, part.differing = known[first][0].done, known[first][0].counts, left[first]
            if args.progress and is_complete:
                write_progress(args.progress, digests, args.seed, first, part)
            total.add(part)
    return total


def show(run, number):
    case, ref, ours = run.judge(number)
    print(case.id, case.did, case.at)
    print(json.dumps(ref, indent=1, default=str))
    print(json.dumps(ours, indent=1, default=sorted))
    print(disagreements(case, ref, ours))


def main():
    parser = argparse.ArgumentParser(description='Compare with the reference checker of GPU evidence.')
    parser.add_argument('--program', required=True)
    parser.add_argument('--vectors', default=os.environ.get('ASSAY_VECTORS_GPU') or ROOT + '/../shared/vectors-gpu')
    parser.add_argument('--count', type=int, default=10000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--first', type=int, default=0)
    parser.add_argument('--case', type=int)
    parser.add_argument('--show', type=int, default=20)
    parser.add_argument('--progress')
    parser.add_argument('--time', type=float, default=1e9)
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    if not os.path.exists(os.path.join(args.vectors, 'verify.py')):
        skip('no vectors in ' + args.vectors)
    if args.case is not None:
        show(Run(args), args.case)
        return 0
    args.jobs = max(1, min(args.jobs, args.count))
    args.end = time.monotonic() + args.time
    total = compare_all(args)
    total.report(args.seed, args.show)
    return 1 if total.bad or total.done == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
