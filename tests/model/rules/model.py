"""model.py - weights, seats, tally and standing once more, from the text of docs/protocol.md.

Slow and obvious: sections 6 (weights, rows without a key), 5.22 (seats) and 7 (tally), written from the rules and from nothing
else. Fractions stand where the product has fixed point, except where a rule names the rounding.
"""
from fractions import Fraction
from math import ceil, floor

NONE, ABSENT, FAIL_SOFT, FAIL_HARD, PASS_UP, PASS_HARDENING, PASS_OLD, UNJUDGED = range(8)
UNIT = 10000
FACTOR_ONE = 65536
SEATS_MAX = 100
FULL, WARNING, RESTRICTED, SUSPENDED = range(4)


# --- 6: weights

def platforms(members):
    """6.2: masked ids share one platform per operator and vendor root."""
    return [('masked', m['operator'], m['vendor']) if m['masked'] else ('own', m['platform'])
            for m in members]


def group_sums(groups, table):
    sums = {}
    for group, weight in zip(groups, table):
        sums[group] = sums.get(group, 0) + weight
    return sums


def cut(groups, limit, table, ids):
    """6.3: floor(w L / s), the remainder +1 each in byte order of id to those with a rest."""
    table = list(table)
    for group, total in group_sums(groups, table).items():
        if total <= limit:
            continue
        slots = [i for i in range(len(table)) if groups[i] == group]
        exact = {i: Fraction(table[i] * limit, total) for i in slots}
        missing = limit - sum(floor(x) for x in exact.values())
        for i in slots:
            table[i] = floor(exact[i])
        with_rest = [i for i in slots if exact[i].denominator > 1]
        for i in sorted(with_rest, key=lambda i: ids[i])[:missing]:
            table[i] += 1
    return table


def largest(predicate, low, high):
    """The largest number of low..high for which a falling predicate holds."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if predicate(middle) else (low, middle - 1)
    return low


def cap_limit(sums, cap, before):
    """6.3: L = max(L1, L2, L3)."""
    sums = [s for s in sums if s > 0]
    if not sums:
        return 0
    total = sum(sums)
    kept = lambda limit: sum(min(s, limit) for s in sums)
    within = largest(lambda limit: cap[1] * limit <= cap[0] * kept(limit), 0, total)
    half = max(sums)
    if 2 * total >= before:
        half = largest(lambda limit: 2 * kept(limit) < before, -1, max(sums)) + 1
    return max(within, half, min(sums))


def is_lifted(families, before, after):
    """6.3.1: is a group above a third of the table raised by what was done to it?"""
    old_total, total = sum(before), sum(after)
    for groups in families:
        old, new = group_sums(groups, before), group_sums(groups, after)
        for group in new:
            if 3 * new[group] > total and not new[group] * old_total <= old[group] * total:
                return True
    return False


def scaled(weight, factor):
    return 0 if weight == 0 else max(1, weight * factor // FACTOR_ONE)


def factors(members, peaks, caps, percent):
    """6.3.2. peaks: H of each member, 0 where it does not count. Returns which cuts stand, H after 6.2, factors."""
    ids = [m['id'] for m in members]
    operators = [m['operator'] for m in members]
    vendors = [m['vendor'] for m in members]
    platform = platforms(members)
    peak = cut(platform, UNIT, peaks, ids)
    least = ceil(Fraction(FACTOR_ONE * 100, percent))
    for number, turns in enumerate(('ovov', 'ov', 'v', 'o', '')):
        table = list(peak)
        for turn in turns:
            groups, cap = (operators, caps[0]) if turn == 'o' else (vendors, caps[1])
            limit = cap_limit(group_sums(groups, table).values(), cap, sum(peak))
            table = cut(groups, limit, table, ids)
        own = [max(least, ceil(Fraction(FACTOR_ONE * c, h))) if h else FACTOR_ONE
               for c, h in zip(table, peak)]
        shared = {}
        for p, factor in zip(platform, own):
            shared[p] = min(shared.get(p, FACTOR_ONE), factor)
        factor = [shared[p] for p in platform]
        if not is_lifted((operators, vendors), peak, [scaled(h, f) for h, f in zip(peak, factor)]):
            return number, peak, factor
    raise AssertionError('the last turn cuts nothing')


def weights(members, trust, caps, percent, previous=None):
    """trust: I, H, standing of integrity, unlisted. Returns raw, unit, peak, factor, which cuts, table, caps met."""
    ids = [m['id'] for m in members]
    raw = [0 if t['standing'] == SUSPENDED or t['unlisted'] else t['I'] for t in trust]
    highest = [0 if t['unlisted'] else max(t['H'], r) for t, r in zip(trust, raw)]
    number, peak, factor = factors(members, highest, caps, percent)
    unit = cut(platforms(members), UNIT, raw, ids)
    table = [scaled(u, f) for u, f in zip(unit, factor)]
    capped = list(table)
    if sum(table) == 0 and previous is not None:
        table = list(previous)
    total = sum(table)
    met = [all(cap[1] * s <= cap[0] * total
               for s in group_sums([m[family] for m in members], table).values())
           for family, cap in zip(('operator', 'vendor'), caps)]
    return dict(raw=raw, unit=unit, peak=peak, factor=factor, cuts=number, capped=capped, table=table,
                met=met)


def keyless(trust, table, floor):
    """6.7: rows of quiet members, longest first, while rows with a key hold the floor (in percent)."""
    total = with_key = sum(table)
    taken = [False] * len(table)
    quiet = [i for i, t in enumerate(trust) if t['quiet'] == 8 and table[i] > 0]
    for i in sorted(quiet, key=lambda i: (trust[i]['quiet_since'], i)):
        if Fraction(with_key - table[i], total) >= Fraction(floor, 100):
            taken[i] = True
            with_key -= table[i]
    return taken


# --- 5.22: seats

def quotas(members, table, seats_max):
    """One seat for each operator with weight, the others by D'Hondt."""
    weight, with_weight, first = {}, {}, {}
    for slot, (member, w) in enumerate(zip(members, table)):
        if w == 0:
            continue
        operator = member['operator']
        weight[operator] = weight.get(operator, 0) + w
        with_weight[operator] = with_weight.get(operator, 0) + 1
        first.setdefault(operator, slot)
    quota = {o: 0 for o in weight}
    claim = lambda o: (-Fraction(weight[o], quota[o] + 1), first[o])
    for given in range(min(SEATS_MAX, max(seats_max, len(weight)))):
        open_to = [o for o in quota if quota[o] < with_weight[o]]
        if given < len(weight):
            open_to = [o for o in open_to if quota[o] == 0]
        if not open_to:
            break
        quota[min(open_to, key=claim)] += 1
    return weight, quota, first


def seats(members, table, seats_max, present, sat):
    """Returns the votes of each member."""
    count = len(members)
    if sum(1 for w in table if w > 0) <= seats_max:
        return list(table)
    weight, quota, first = quotas(members, table, seats_max)
    root_weight = group_sums([m['vendor'] for m in members], table)
    parts = 1
    while parts < 256 and sum(table) * parts * 2 <= 2 ** 32:
        parts *= 2
    root_parts = {v: 0 for v in root_weight}
    part = {}
    largest_first = sorted((o for o in quota if quota[o] > 0),
                           key=lambda o: (-Fraction(weight[o], quota[o]), first[o]))
    for operator in largest_first:
        share = weight[operator] * parts // quota[operator]
        for _ in range(quota[operator]):
            free = [i for i in range(count)
                    if members[i]['operator'] == operator and table[i] > 0 and i not in part]
            need = lambda i: root_weight[members[i]['vendor']] * parts - root_parts[members[i]['vendor']]
            rank = lambda i: 0 if not present[i] else 2 if sat[i] else 1
            best = max(free, key=lambda i: (rank(i), need(i), -i))
            part[best] = share
            root_parts[members[best]['vendor']] += share
    for _ in range(60):
        for family, target in (('vendor', root_weight), ('operator', weight)):
            held = {}
            for i, x in part.items():
                group = members[i][family]
                held[group] = held.get(group, 0) + x
            for i in part:
                group = members[i][family]
                part[i] = max(1, part[i] * target[group] * parts // held[group])
    votes = [0] * count
    for operator in largest_first:
        left = weight[operator]
        slots = sorted(i for i in part if members[i]['operator'] == operator)
        rest = {}
        for others, i in zip(range(len(slots) - 1, -1, -1), slots):
            votes[i] = max(1, min(left - others, part[i] // parts))
            rest[i] = max(0, part[i] - votes[i] * parts)
            left -= votes[i]
        while left > 0:
            best = max(slots, key=lambda i: (rest[i], -i))
            votes[best] += 1
            rest[best] = max(0, rest[best] - parts)
            left -= 1
    return votes


# --- 7: tally

def clamp(value):
    return max(0, min(10000, value))


def bounds(passed, denied, electorate, table):
    """7.3. T says whether votes count, W how far they move a score."""
    if electorate == 0:
        return 0, 10000
    low = clamp(floor(Fraction(10000 * (3 * passed - electorate), electorate))) if 3 * passed > table else 0
    if 3 * denied <= table:
        return low, 10000
    if 2 * electorate <= table:
        return low, 0
    return low, clamp(ceil(Fraction(10000 * (2 * electorate - 3 * denied), 2 * electorate - table)))


def band(score):
    return FULL if score >= 9000 else WARNING if score >= 7500 else RESTRICTED if score >= 5000 else SUSPENDED


def next_standing(state, score, certified):
    """7.8: down at once, up one step at bound + 200 held for 3 certified epochs."""
    standing, held = state
    if band(score) > standing:
        return band(score), 0
    if standing == FULL or score < (9000, 7500, 5000)[standing - 1] + 200:
        return standing, 0
    if not certified:
        return standing, held
    return (standing - 1, 0) if held + 1 == 3 else (standing, held + 1)


def founder():
    return dict(I=10000, H=10000, A=10000, score=(FULL, 0), integrity=(FULL, 0), listed=True, offences=0,
                offence_epoch=0, clean=0, mute=0, unjudged=0, quiet=0, quiet_since=0, false_fail_epoch=0, old_since=0)


def count_ballots(members, slot, table, rows, present, proven, held):
    """7.1, 7.2: P by level, N and U."""
    platform = platforms(members)
    levels, denied, unjudged = [0, 0, 0], 0, 0
    for voter in range(len(members)):
        if not present[voter] or platform[voter] == platform[slot] or held[slot]:
            continue
        said = rows[voter][slot]
        if said in (PASS_UP, PASS_HARDENING, PASS_OLD):
            levels[said - PASS_UP] += table[voter]
        elif said == ABSENT or (said in (FAIL_SOFT, FAIL_HARD) and proven):
            denied += table[voter]
        elif said == UNJUDGED:
            unjudged += table[voter]
    return levels, denied, unjudged


def move_availability(t, passed, denied, unjudged, electorate, total, duty, balloted, held):
    """7.3, 7.14, 7.15, of a certified epoch."""
    if duty and balloted:
        t['mute'] = 0
    elif duty and not held:
        t['mute'] = min(8, t['mute'] + 1)
    if 3 * passed > total:
        t['unjudged'] = 0
    elif 3 * unjudged > 2 * electorate:
        t['unjudged'] = min(8, t['unjudged'] + 1)
    if t['unjudged'] == 8:
        denied += unjudged
    if t['mute'] == 8 and not held:
        passed, denied, electorate = 0, total, total
    low, high = bounds(passed, denied, electorate, total)
    if 3 * (passed + denied) > 2 * electorate and t['A'] > high:
        t['A'] -= ceil(Fraction(t['A'] - high, 4))
    elif t['A'] < low:
        t['A'] = min(low, t['A'] + 500)


def count_quiet(t, epoch, passed, denied, unjudged, total, balloted, held, trial, proven):
    """6.7, of a certified epoch."""
    if 3 * passed > total:
        t['quiet'] = max(0, t['quiet'] - 1)
    elif balloted and not (held or trial or proven) and 3 * denied > total >= 3 * unjudged:
        t['quiet'] = min(8, t['quiet'] + 1)
    t['quiet_since'] = 0 if t['quiet'] < 8 else t['quiet_since'] or epoch


def strike(t, epoch, faults, slot):
    """7.4. Returns whether a proof struck, and whether it set I to 0 as a failure."""
    again, struck, failed = False, False, False
    if faults['false_fail'][slot]:
        again = faults['false_fail'][slot] > 1 or (t['false_fail_epoch'] and epoch - t['false_fail_epoch'] < 512)
        t['false_fail_epoch'] = epoch
    if again or faults['hard'][slot] or faults['equivocation'][slot] or faults['false_pass'][slot]:
        failed = t['I'] > 0 or t['listed']
        t['I'], struck = 0, True
    else:
        for kind in ('false_fail', 'soft'):
            if faults[kind][slot]:
                t['I'] -= ceil(Fraction(t['I'], 4))
                struck = True
    return struck, failed


def level_of(levels, total):
    """7.7: the weighted median, the lower one on a tie; None where a third of T at most says so low."""
    passed = sum(levels)
    if 2 * levels[2] >= passed:
        return 2 if 3 * levels[2] > total else None
    if 2 * (levels[1] + levels[2]) >= passed:
        return 1 if 3 * (levels[1] + levels[2]) > total else None
    return 0


def move_integrity(t, epoch, level, low, struck, rules, may_rise):
    """7.6, 7.7, where 3P > T and the level is known."""
    ceiling = 10000
    if level != 2:
        t['old_since'] = 0
    if level == 1:
        ceiling = rules['hardening']
    if level == 2:
        t['old_since'] = t['old_since'] or epoch
        ceiling = 8999 if epoch - t['old_since'] < rules['grace'] else 7499
    lowered = t['I'] > ceiling
    t['I'] = min(t['I'], ceiling)
    if struck or lowered or not (low > t['I'] and t['listed'] and may_rise):
        return
    rise = max(12, 100 >> min(20, max(0, t['offences'] - 1)))
    t['I'] = max(t['I'], min(low, ceiling, t['I'] + rise))


def move_offences(members, trust, epoch, results):
    """7.5, 7.6: one record a platform."""
    platform = platforms(members)
    for one in set(platform):
        slots = [i for i in range(len(members)) if platform[i] == one]
        t = trust[slots[0]]
        count, last, clean = t['offences'], t['offence_epoch'], t['clean']
        if any(results[i]['failed'] for i in slots) and (last == 0 or epoch - last >= 32):
            count, last = count + 1, epoch
        if any(results[i]['struck'] for i in slots) or count == 0:
            clean = 0
        elif any(results[i]['certified_pass'] for i in slots):
            clean += 1
        if clean == 512:
            count, clean = count - 1, 0
        for i in slots:
            trust[i]['offences'], trust[i]['offence_epoch'], trust[i]['clean'] = count, last, clean


def close_epoch(members, trust, epoch, roll, rules, table, rows, present, faults, duty, held, trial=False):
    """One epoch; trust changes in place. Returns whether it is certified, and what was found."""
    total = sum(table)
    certified = bool(roll and 3 * sum(w for w, p in zip(table, present) if p) > 2 * total)
    platform = platforms(members)
    results = []
    for slot, t in enumerate(trust):
        electorate = sum(w for w, p in zip(table, platform) if p != platform[slot])
        proven = faults['hard'][slot] or faults['soft'][slot]
        levels, denied, unjudged = count_ballots(members, slot, table, rows, present, proven, held)
        passed = sum(levels)
        if certified:
            move_availability(t, passed, denied, unjudged, electorate, total, duty[slot], present[slot],
                              held[slot])
            count_quiet(t, epoch, passed, denied, unjudged, total, present[slot], held[slot], trial, proven)
        before = t['integrity'][0]
        struck, failed = strike(t, epoch, faults, slot)
        level = level_of(levels, total) if certified and 3 * passed > total else None
        if level is not None:
            low = bounds(passed, denied, electorate, total)[0]
            move_integrity(t, epoch, level, low, struck, rules, present[slot] or not duty[slot])
        t['integrity'] = next_standing(t['integrity'], t['I'], certified)
        failed = failed or (before != SUSPENDED and t['integrity'][0] == SUSPENDED)
        if failed:
            t['listed'] = False
        t['score'] = next_standing(t['score'], min(t['I'], t['A']), certified)
        if t['integrity'][0] != SUSPENDED:
            t['H'] = max(t['H'], t['I'])
        results.append(dict(P=passed, N=denied, U=unjudged, W=electorate, failed=failed, struck=struck,
                            certified_pass=certified and 3 * passed > total))
    move_offences(members, trust, epoch, results)
    return certified, results
