"""run.py - holds scoring/ against model.py, on drawn memberships and histories.

usage: run.py LIBRARY MEMBERSHIPS HISTORIES NETWORKS [SEED]

LIBRARY is shim.c over the product's scoring/. A membership draws a roster, integrity, caps, B and seats, and
compares every stage of the table and every vote. A history closes epochs of drawn ballots and faults one after
the other, with the weights that follow, and compares all that is remembered of each member. A network has
liars of a third at most, some of whom show no evidence, and holds the goals of rule 6.7. Prints the seed of what
differs; exit status 1 then.
"""
import ctypes
import hashlib
import os
import random
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import model  # noqa: E402

FOUND = 21
CAPS = [((20, 100), (33, 100)), ((20, 100), (33, 100)), ((1, 10), (1, 4)), ((1, 3), (1, 3)),
        ((1, 1), (1, 1)), ((1, 10000), (1, 3)), ((50, 100), (10, 100))]
BOUNDS = [150, 150, 100, 120, 200, 300]
DEFAULT_CAPS = ((20, 100), (33, 100))

bytes_p, words_p, shorts_p = ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint32), ctypes.POINTER(ctypes.c_uint16)


class Roster(ctypes.Structure):
    _fields_ = [('count', ctypes.c_uint32)] + [(name, bytes_p) for name in
                                               ('ids', 'platforms', 'operators', 'vendors', 'masked')]


class Standing(ctypes.Structure):
    _fields_ = [('integrity', shorts_p), ('peak', shorts_p), ('suspended', bytes_p), ('unlisted', bytes_p)]


class Epoch(ctypes.Structure):
    _fields_ = [('number', ctypes.c_uint64), ('roll', ctypes.c_uint32), ('trial', ctypes.c_uint32), ('hardening', ctypes.c_uint32),
                ('grace', ctypes.c_uint32), ('weights', words_p)] + [
                    (name, bytes_p) for name in ('rows', 'present', 'hard', 'soft', 'equivocation', 'false_pass',
                                                 'false_fail', 'duty', 'held')]


def words(values):
    return (ctypes.c_uint32 * len(values))(*values)


def shorts(values):
    return (ctypes.c_uint16 * len(values))(*values)


def roster_of(members):
    join = lambda key: b''.join(m[key] for m in members)
    return Roster(len(members), join('id'), join('platform'), join('operator'), join('vendor'),
                  bytes(m['masked'] for m in members))


def draw_id(rng):
    return hashlib.sha256(rng.randbytes(16)).digest()


def draw_roster(rng, count):
    operators = [draw_id(rng) for _ in range(rng.randint(1, min(count, 100)))]
    vendors = [draw_id(rng) for _ in range(rng.choice([1, 2, 3, 4, 5, 8]))]
    platforms = [draw_id(rng) for _ in range(max(1, count // rng.choice([2, 4])))]
    own, skew, masked = rng.random() < .5, rng.choice([1, 1, 2, 4]), rng.choice([0, 0, .3, 1])
    pick = lambda groups: groups[int(len(groups) * rng.random() ** skew)]
    return [dict(id=draw_id(rng), operator=pick(operators), vendor=pick(vendors),
                 platform=draw_id(rng) if own else rng.choice(platforms), masked=rng.random() < masked)
            for _ in range(count)]


def draw_trust(rng, mood):
    integrity = 10000 if mood < .4 else rng.choice([10000, rng.randint(0, 10000), rng.randint(5000, 10000)])
    standing = model.band(integrity)
    if rng.random() >= .8 or mood > .95:
        standing = max(standing, rng.randint(0, 3) if mood <= .95 else 3)
    peak = rng.choice([10000, integrity, 0, rng.randint(0, 10000)])
    return dict(I=integrity, H=peak, standing=standing, unlisted=rng.random() < .05)


def one_membership(library, rng):
    count = rng.choice([1, 2, 3, 4, 5, 7, 10, 16, 31, 64, 120, 200])
    members, mood = draw_roster(rng, count), rng.random()
    trust = [draw_trust(rng, mood) for _ in members]
    caps, percent = rng.choice(CAPS), rng.choice(BOUNDS)
    previous = [rng.randint(1, 10000) for _ in members] if rng.random() < .5 else None
    stages, meta, roster = (ctypes.c_uint32 * (6 * count))(), (ctypes.c_uint32 * 3)(), roster_of(members)
    standing = Standing(shorts([t['I'] for t in trust]), shorts([t['H'] for t in trust]),
                        bytes(t['standing'] for t in trust), bytes(t['unlisted'] for t in trust))
    library.rules_weights(ctypes.byref(roster), ctypes.byref(standing), words(previous) if previous else None,
                          words(caps[0] + caps[1] + (percent,)), stages, meta)
    due = model.weights(members, trust, caps, percent, previous)
    for k, name in enumerate(('raw', 'unit', 'peak', 'factor', 'capped', 'table')):
        got = list(stages[k * count:(k + 1) * count])
        assert got == due[name], (name, [(i, a, b) for i, (a, b) in enumerate(zip(got, due[name])) if a != b][:5])
    assert meta[0] == due['cuts'], ('cuts', meta[0], due['cuts'])
    if sum(due['table']) == 0:
        return
    assert [bool(meta[1]), bool(meta[2])] == due['met'], ('caps met', list(meta), due['met'])
    one_table(library, rng, members, due['table'])
    seats_max = rng.choice([100, rng.randint(1, min(count, 100)), rng.randint(1, 100)])
    present, sat = ([rng.random() < share for _ in members] for share in (.85, .3))
    votes = (ctypes.c_uint32 * count)()
    library.rules_seats(ctypes.byref(roster), words(due['table']), bytes(present), bytes(sat), seats_max, votes)
    expected = model.seats(members, due['table'], seats_max, present, sat)
    assert list(votes) == expected, ('seats', [(i, a, b) for i, (a, b) in enumerate(zip(votes, expected))
                                               if a != b][:5])
    operators = [m['operator'] for m in members]
    assert model.group_sums(operators, expected) == model.group_sums(operators, due['table']), 'unions'


def one_table(library, rng, members, table):
    """Rows without a key of a drawn table."""
    count = len(members)
    quiet = [rng.choice([0, 7, 8, 8]) for _ in members]
    trust = [dict(quiet=q, quiet_since=rng.randint(1, 5) if q == 8 else 0) for q in quiet]
    floor, taken = rng.choice([90, 67, 70, 100, rng.randint(67, 100)]), ctypes.create_string_buffer(count)
    library.rules_quiet(count, bytes(quiet), (ctypes.c_uint64 * count)(*(t['quiet_since'] for t in trust)),
                        words(table), floor, taken)
    assert [bool(x) for x in taken.raw] == model.keyless(trust, table, floor), ('keyless', floor)


def draw_rows(rng, count, absent, unjudged, faults):
    level = [rng.choice([model.PASS_UP] * 6 + [model.PASS_HARDENING, model.PASS_OLD]) for _ in range(count)]
    rows = [[model.NONE] * count for _ in range(count)]
    for voter in range(count):
        noisy = rng.random() < .15
        for slot in range(count):
            if slot == voter:
                continue
            said = model.ABSENT if slot in absent else model.UNJUDGED if slot in unjudged else level[slot]
            if faults['hard'][slot]:
                said = model.FAIL_HARD
            elif faults['soft'][slot]:
                said = model.FAIL_SOFT
            if noisy and rng.random() < .6:
                said = rng.randint(0, 7)
            rows[voter][slot] = model.NONE if rng.random() < .02 else said
    return rows


def draw_faults(rng, count, rate):
    some = lambda share: [int(rng.random() < share) for _ in range(count)]
    return dict(hard=some(rate), soft=some(rate), equivocation=some(rate / 3), false_pass=some(rate / 3),
                false_fail=[rng.choice([1, 1, 2]) if rng.random() < rate else 0 for _ in range(count)])


def remembered(t, r):
    return [t['I'], t['H'], t['A'], *t['score'], *t['integrity'], int(t['listed']), t['offences'],
            t['offence_epoch'], t['clean'], t['mute'], t['unjudged'], t['quiet'], t['quiet_since'], r['P'], r['N'], r['U'], r['W'],
            int(r['certified_pass']), int(r['failed'])]


def one_history(library, rng):
    count, epochs = rng.choice([1, 2, 3, 4, 5, 7, 10, 17]), rng.choice([30, 60, 120])
    members = draw_roster(rng, count)
    roster = roster_of(members)
    network = ctypes.c_void_p(library.rules_open(ctypes.byref(roster)))
    trust, table = [model.founder() for _ in members], [rng.choice([10000, rng.randint(0, 10000)]) for _ in members]
    rules = dict(hardening=rng.choice([10000, 8999]), grace=rng.choice([2, 5, 100]))
    first, rate, quiet = rng.choice([1, 1, 600]), rng.choice([0, .002, .02, .1]), rng.random()
    draw_absent = lambda: {i for i in range(count) if rng.random() < rng.choice([0, .1, .3])}
    absent, found = draw_absent(), (ctypes.c_int64 * (FOUND * count))()
    for number in range(first, first + epochs):
        if rng.random() < .02:
            absent = draw_absent()
        roll, faults = rng.random() < .97, draw_faults(rng, count, rate)
        taken = model.keyless(trust, table, 70) # whose ballot is missing (6.7)
        present = [i not in absent and not taken[i] and rng.random() < .97 for i in range(count)]
        duty, held = ([rng.random() < share for _ in members] for share in (.97, .02))
        unjudged = {i for i in range(count) if rng.random() < quiet * .2}
        rows = draw_rows(rng, count, absent, unjudged, faults)
        trial = rng.random() < .1
        epoch = Epoch(number, roll, trial, rules['hardening'], rules['grace'], words(table),
                      bytes(x for row in rows for x in row), bytes(present), bytes(faults['hard']),
                      bytes(faults['soft']), bytes(faults['equivocation']), bytes(faults['false_pass']),
                      bytes(faults['false_fail']), bytes(duty), bytes(held))
        certified = bool(library.rules_epoch(network, ctypes.byref(epoch), found))
        due, results = model.close_epoch(members, trust, number, roll, rules, table, rows, present, faults, duty, held,
                                         trial)
        assert certified == due, ('certified', number)
        for i in range(count):
            got, expected = list(found[FOUND * i:FOUND * (i + 1)]), remembered(trust[i], results[i])
            assert got == expected, ('epoch %d member %d' % (number, i), got, expected)
        for i, t in enumerate(trust):
            if not t['listed'] and rng.random() < .5:
                t['listed'] = True
                library.rules_list(network, i)
            if rng.random() < .001:
                t['A'], t['score'] = 0, (model.SUSPENDED, 0)
                library.rules_rest(network, i)
        seen = [dict(I=t['I'], H=t['H'], standing=t['integrity'][0], unlisted=False) for t in trust]
        table = model.weights(members, seen, DEFAULT_CAPS, 150, table)['table']
        if sum(table) == 0:
            table = [10000] * count
    library.rules_close(network)


LIES = {'none': lambda rng, mate: model.NONE, 'absent': lambda rng, mate: model.ABSENT,
        'unjudged': lambda rng, mate: model.UNJUDGED, 'shield': lambda rng, mate: model.UNJUDGED if mate else model.NONE,
        'praise': lambda rng, mate: model.PASS_UP if mate else model.ABSENT,
        'noise': lambda rng, mate: rng.randint(0, 7)}


def one_network(library, rng):
    """The goals of 6.7, by what happened and not by what was counted: who votes and never attests has no vote from
    the 16th certified epoch on, but for the floor; whoever liars of a third speak of keeps theirs; the floor holds."""
    count = rng.choice([4, 4, 7, 10, 10, 13, 31])
    members, table = draw_roster(rng, count), [rng.choice([10000, rng.randint(5000, 10000)]) for _ in range(count)]
    for m in members:
        m['platform'], m['masked'] = draw_id(rng), False # each its own: else a platform's mates judge nobody
    total, liars = sum(table), set()
    for i in rng.sample(range(count), count):
        if 3 * (sum(table[k] for k in liars) + table[i]) <= total:
            liars.add(i)
    dark = {i for i in liars if rng.random() < .7}
    uplink = {i for i in range(count) if i not in liars and rng.random() < .1} # ballots pass, quotes often do not
    lie, floor = LIES[rng.choice(list(LIES))], rng.choice([67, 70, 90, 90, 100])
    trust, no_faults = [model.founder() for _ in members], dict.fromkeys(
        ('hard', 'soft', 'equivocation', 'false_pass', 'false_fail'), [0] * count)
    dark_epochs, heard, plain = 0, Counter(), dict(hardening=10000, grace=100)
    for number in range(1, 61):
        taken = model.keyless(trust, table, floor)
        late = {i for i in uplink if rng.random() < .7}
        honest = lambda slot: model.ABSENT if slot in dark or slot in late else model.PASS_UP
        rows = [[model.NONE if v == s else lie(rng, s in liars) if v in liars else honest(s) for s in range(count)]
                for v in range(count)]
        certified, _ = model.close_epoch(members, trust, number, True, plain, table, rows, [not t for t in taken],
                                         no_faults, [True] * count, [False] * count)
        dark_epochs += certified
        heard.update(late)
        taken = model.keyless(trust, table, floor)
        with_key = sum(w for w, t in zip(table, taken) if not t)
        assert 100 * with_key >= floor * total, ('floor', with_key, total)
        for i in range(count):
            assert not taken[i] or i in liars or heard[i] >= 8, ('epoch %d: honest member %d has no vote' % (number, i))
            goes = 100 * (with_key - table[i]) >= floor * total
            honest_weight = sum(w for k, w in enumerate(table) if k not in liars and k != i)
            if i in dark and dark_epochs >= 16 and goes and 3 * honest_weight > total:
                assert taken[i], 'epoch %d: member %d never attests and votes' % (number, i)


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.rules_open.restype = ctypes.c_void_p
    seed, done = int(sys.argv[5]) if len(sys.argv) > 5 else 1, Counter()
    for name, run, count in (('memberships', one_membership, int(sys.argv[2])),
                             ('histories', one_history, int(sys.argv[3])),
                             ('networks', one_network, int(sys.argv[4]))):
        for k in range(count):
            try:
                run(library, random.Random(seed * 1000003 + k))
                done[name] += 1
            except AssertionError as difference:
                print('%s %d of seed %d: %s' % (name, k, seed, str(difference)[:600]))
                return 1
    print('the model and scoring/ agree on %d memberships and %d histories; goals hold in %d networks' %
          (done['memberships'], done['histories'], done['networks']))
    return 0


if __name__ == '__main__':
    sys.exit(main())
