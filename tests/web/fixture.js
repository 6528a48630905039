'use strict';
// tests/web/fixture.js - documents of a network that never ran: as many nodes as wanted, the same every time.
//
// The rules are the network's own where the page computes them again (protocol.md 7.3): rise, fall, hold.

const T0 = Date.UTC(2026, 10, 21, 12, 0, 0);
const hex = (text, digits = 64) => {
    let h = 2166136261,
        out = '';
    while (out.length < digits) {
        for (const c of text + out.length) h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0;
        out += h.toString(16).padStart(8, '0');
    }
    return out.slice(0, digits);
};
const standingOf = (bp) =>
    bp >= 9000 ? 'FULL' : bp >= 7500 ? 'WARNING' : bp >= 5000 ? 'RESTRICTED' : 'SUSPENDED';
const LEVEL = ['FULL', 'WARNING', 'RESTRICTED', 'SUSPENDED'];
const clamp = (x) => Math.max(0, Math.min(10000, x));
const GOOD = hex('the right build'),
    BAD = hex('another build');

// When epochs of good verifications make it RESTRICTED, WARNING and FULL again (protocol.md 7.6, 7.8).
function recovery(m, epoch, at) {
    const steps = [5000, 7500, 9000]
        .filter((bound) => m.I < bound)
        .map((bound, i, all) => {
            const epochs = Math.ceil((bound + 200 - m.I) / 100) + 2;
            return { standing: LEVEL[all.length - 1 - i], epochs, epoch: epoch + epochs, at_unix_ms: at(epochs) };
        });
    if (steps.length === 0) return null;
    return {
        blocked: null,
        text: steps.map((s) => `${s.standing} in ${s.epochs} epochs`).join(', '),
        assumes: 'every verification of its evidence is good',
        steps,
    };
}

// A run of falls, as the ledger has it: it begins where the member was FULL.
const CAUSES = {
    fail_hard: ['integrity', 'zero: its evidence fails hard'],
    false_fail: ['integrity', 'fell: it voted FAIL on evidence that passes'],
    fall: ['availability', 'fell: absent, or its evidence fails'],
};
function fallOf(m, e, from, to, code, T) {
    const cause = { about: CAUSES[code][0], code, text: CAUSES[code][1] },
        run = from === 'FULL' || !m.fall;
    return {
        since_epoch: run ? e : m.fall.since_epoch,
        since_unix_ms: run ? T0 + e * T : m.fall.since_unix_ms,
        since_cause: run ? cause : m.fall.since_cause,
        epoch: e,
        epoch_unix_ms: T0 + e * T,
        cause,
        from: run ? from : m.fall.from,
        to,
    };
}

// options: { nodes, epochs, names(i), story: true for a tampered, a lying and an absent node, quiet: no extras,
//            offline, drained: slots, matrices: true for the votes of every epoch }
function network(options = {}) {
    const n = options.nodes || 7,
        epochs = options.epochs || 40,
        T = options.epochMs || 1000;
    const name = options.names || ((i) => `peer-${i + 1}`);
    const members = Array.from({ length: n }, (_, i) => ({
        slot: i,
        name: name(i),
        node_id: hex('node' + i),
        operator: 'operator-' + (i % Math.max(5, Math.ceil(n / 3))),
        operator_id: hex('operator' + (i % Math.max(5, Math.ceil(n / 3)))),
        vendor_root: hex('vendor' + (i % 4)),
        A: 10000,
        I: 10000,
        incarnation: 1,
        offences: 0,
        last: '',
        fell: 0,
        fall: null,
    }));
    const tampered = options.story === false ? -1 : 0,
        liar = options.story === false ? -1 : 1,
        absent = options.story === false ? -1 : 2;
    const away = (i, e) =>
        (i === absent && e >= 13 && e <= 15) || (n > 20 && i % 37 === 11 && e > epochs - 2 - (i % 3));
    const history = [],
        events = [];
    let seq = 0;
    const tell = (e, event, m, a, b, text) =>
        events.push({
            seq: ++seq,
            count: 1,
            first_seq: seq,
            first_epoch: e,
            first_unix_ms: T0 + e * T + (seq % 7) * 41,
            at_unix_ms: T0 + e * T + (seq % 7) * 41,
            epoch: e,
            event,
            ...(m ? { slot: m.slot, name: m.name } : {}),
            a,
            b,
            text,
        });
    let matrix = null;
    const matrices = [];
    for (let e = 1; e <= epochs; e++) {
        const weight = members.map((m) => (m.I >= 5000 || m.offences === 0 ? m.I : 0)),
            total = weight.reduce((a, b) => a + b, 0);
        const said = members.map((v) =>
            members
                .map((s) => {
                    if (s === v || away(v.slot, e)) return '-';
                    if (away(s.slot, e)) return 'A';
                    if (s.slot === tampered && e === 5) return 'F';
                    if (
                        v.slot === liar &&
                        s.slot === 4 % n &&
                        e >= epochs - 31 &&
                        e === Math.max(10, epochs - 3)
                    )
                        return 'F';
                    if (n > 10 && s.slot % 11 === 5) return 'H';
                    return 'P';
                })
                .join(''),
        );
        const lieNow = liar >= 0 && e === Math.max(10, epochs - 3);
        const rows = members.map((m) => {
            const before = { A: m.A, I: m.I, standing: standingOf(Math.min(m.A, m.I)) };
            const W = total - weight[m.slot];
            let P = 0,
                N = 0;
            members.forEach((v) => {
                const c = said[v.slot][m.slot];
                if ('PHO'.includes(c)) P += weight[v.slot];
                if (c === 'A' || (c === 'F' && m.slot === tampered)) N += weight[v.slot];
            });
            const lo = 3 * P <= total ? 0 : clamp(Math.floor((10000 * (3 * P - W)) / W)),
                hi =
                    3 * N <= total ? 10000 : 2 * W <= total ? 0 : clamp(Math.ceil((10000 * (2 * W - 3 * N)) / (2 * W - total)));
            let rule = 'hold',
                reason = 'unchanged: as high as votes and TCB level allow',
                integrity = 'held_bound';
            if (3 * (P + N) > 2 * W && m.A > hi) {
                m.A -= Math.ceil((m.A - hi) / 4);
                rule = 'fall';
            } else if (m.A < lo) {
                m.A = Math.min(lo, m.A + 500);
                rule = 'rise';
            }
            if (m.slot === tampered && e === 5) {
                m.I = 0;
                m.offences = 1;
                m.incarnation = 2;
                reason = 'own evidence fails hard';
                integrity = 'fail_hard';
                m.last = `measurement-unknown: expected ${GOOD}, observed ${BAD}`;
            } else if (lieNow && m.slot === liar) {
                m.I -= Math.ceil(m.I / 4);
                m.offences = 1;
                reason = 'false FAIL';
                integrity = 'false_fail';
                m.last = 'E5: voted FAIL, or a worse level, on evidence that passes';
            } else if (m.I < 10000 && 3 * P > W && e > 6) {
                m.I = Math.min(10000, m.I + 100);
                reason = 'rose: its evidence passes and its ballot counts';
                integrity = 'rise';
            }
            if (N > 0 && rule === 'fall' && m.slot !== tampered)
                m.last = 'absent: no evidence for this epoch could be had';
            const now = standingOf(Math.min(m.A, m.I));
            if (m.slot === tampered && e === 5) {
                tell(e, 'fail_proven', m, 3, e, `${m.name} proven to fail`);
                tell(e + 1, 'order_done', m, 3, 0, 'RESTART: success');
                tell(e + 2, 'incarnation_listed', m, 2, 0, `${m.name} re-registered, with new keys`);
            }
            if (lieNow && m.slot === liar)
                tell(e, 'offence_proven', m, 5, e, `${m.name} convicted by proof: ${m.last}`);
            if (rule === 'fall' && m.slot === absent)
                tell(e, 'evidence_missing', m, e, 0, `${m.name} sent no evidence: ${m.last}`);
            if (now !== before.standing) {
                const a = LEVEL.indexOf(before.standing),
                    b = LEVEL.indexOf(now);
                m.fell = b > a ? e + 1 : m.fell;
                if (b > a) m.fall = fallOf(m, e, before.standing, now, integrity in CAUSES ? integrity : 'fall', T);
                tell(
                    e + 1,
                    'standing_changed',
                    m,
                    a,
                    b,
                    `${m.name}: ${before.standing} -> ${now} (score ${Math.floor(Math.min(m.A, m.I) / 100)} %)` +
                        (b > a && m.last ? `: ${m.last}` : ''),
                );
            }
            return {
                slot: m.slot,
                name: m.name,
                incarnation: m.incarnation,
                score_bp: Math.min(m.A, m.I),
                integrity_bp: m.I,
                availability_bp: m.A,
                standing: now,
                weight: weight[m.slot],
                positive_bp: P,
                negative_bp: N,
                unjudged_bp: 0,
                electorate_bp: W,
                lo_bp: lo,
                hi_bp: hi,
                reason,
                integrity_rule: integrity,
                availability_rule: rule,
            };
        });
        history.push({ epoch: e, era: 0, certified: true, members: rows });
        tell(e + 1, 'epoch_closed', null, e, 1, 'closed, certified');
        const wanted = e === epochs || lieNow;
        if (wanted || options.matrices)
            matrices.push({
                epoch: e,
                era: 0,
                certified: true,
                members: members.map((m, i) => ({
                    slot: i,
                    name: m.name,
                    node_id: m.node_id,
                    weight: weight[i],
                    has_ballot: !away(i, e),
                    outcomes: said[i],
                    proven_fail: false,
                    ...rows[i],
                })),
                false_votes: lieNow
                    ? [{ verifier: liar, subject: 4 % n, outcome: 'F', found_epoch: e }]
                    : wanted && matrix && options.keepLie !== false
                      ? matrix.false_votes
                      : [],
            });
        if (wanted) matrix = matrices.at(-1);
        if (lieNow && options.keepLie !== false) options.lieMatrix = matrix;
    }
    const shownMatrix = options.keepLie !== false && options.lieMatrix ? options.lieMatrix : matrix;
    const last = history[history.length - 1],
        total = members.reduce((s, m) => s + m.I, 0),
        third = heaviest(
            members.map((m) => m.I),
            total,
        );
    const nodes = members.map((m, i) => ({
        ...last.members[i],
        node_id: m.node_id,
        operator: m.operator,
        operator_id: m.operator_id,
        vendor_root: m.vendor_root,
        integrity_standing: standingOf(m.I),
        probation: false,
        unjudged_epochs: 0,
        mute_epochs: 0,
        ...(i === options.drained
            ? { standing: 'SUSPENDED', score_bp: 0, availability_bp: 0, weight: 0, stage_epoch: epochs - 4 }
            : {}),
        condition:
            i === options.drained ? 'DRAINED' : i === options.offline ? 'OFFLINE' : last.members[i].standing,
        recovery: [options.drained, options.offline].includes(i)
            ? null
            : recovery(m, epochs, (e) => T0 + (epochs + 1 + e) * T),
        reasons: [],
        last_fall: m.fall,
        last_reason: m.last,
        change_epoch: m.fell,
        own_outcome: 'pass-up-to-date',
        last_attempt_epoch: epochs + 1,
        last_success_epoch: away(i, epochs) || i === options.offline ? epochs - 3 : epochs,
        offences: m.offences,
        stage: i === options.drained ? 'resting' : 'member',
        in_maintenance: false,
        present: !away(i, epochs) && i !== options.offline,
        last_message_age_ms: away(i, epochs) ? 31000 : 12 + ((i * 7) % 80),
        date_ahead_ms: (i % 5) - 2,
        banned: false,
        conduct: 1000,
        shut_out: false,
    }));
    const status = {
        sentence: '',
        chain_id: hex('chain'),
        era: 0,
        epoch: epochs + 1,
        epoch_ms: T,
        epoch_t0_ms: T0 + (epochs + 1) * T,
        height: epochs * 3,
        view: 1,
        head_id: hex('head'),
        state_root: hex('state'),
        head_time_ms: T0 + epochs * T,
        head_age_ms: 420,
        stale: false,
        views_nullified: 0,
        clock_lead_ms: 0,
        certified: true,
        certified_epoch: epochs,
        voting: true,
        behind: false,
        total_weight: total,
        operator_cap_met: true,
        vendor_cap_met: true,
        cuts: 'none',
        largest_operator_bp: 1724,
        largest_vendor_bp: 3299,
        largest_platform_bp: Math.floor(10000 / n),
        clock: { known: true, off: false, ahead_ms: 3, bound_ms: 125 },
        closing: {
            overdue: false,
            open_ms: 420,
            progress: true,
            quorum_weight: Math.floor((2 * total) / 3) + 1,
            present_weight: total,
            roll: true,
            ballots_short: false,
            missing: [],
        },
        tolerance: {
            members_stop: third,
            members_break: third,
            operators_stop: [],
            vendors_stop: [],
            operators_break: [],
            vendors_break: [],
            any_operators_stop: third,
            any_operators_break: third,
            any_vendors_stop: 0,
            any_vendors_break: 0,
            vendors_outvote: [],
        },
        advice: [],
        member_count: n,
        slot: 3 % n,
        node_id: hex('node3'),
        changes: {
            sequence: 0,
            pending: 0,
            policy_digest: hex('policy'),
            endorsements_digest: hex('collateral'),
            trial: null,
            ended: null,
        },
        score_bp: 10000,
        standing: 'FULL',
        insecure: true,
        uptime_ms: epochs * T,
        finality: { samples: epochs * 3, p50_us: 21600, p90_us: 37100, p99_us: 48900, newest_us: [] },
    };
    const docs = {
        status,
        nodes: { epoch: epochs + 1, nodes, next_since: null },
        history: { first: 1, last: epochs, epochs: history, next_since: null },
        timeline: { boot: 'a1', last_seq: seq, gap: false, events: events.slice(-1024), next_since: null },
        matrix: shownMatrix,
    };
    if (options.matrices) docs.matrices = matrices;
    if (!options.quiet) Object.assign(docs, extras(members, epochs));
    if (!options.quiet && options.services !== false) {
        docs.services = services(members, epochs);
        docs.authority = { ca_number: 2, certificate: { not_after_ms: T0 + 400 * 86400000 } };
    }
    return docs;
}

// How many of the heaviest are less than a third together: so many may fail, and lie.
function heaviest(weights, total) {
    let sum = 0,
        k = 0;
    for (const w of [...weights].sort((a, b) => b - a)) {
        if (3 * (sum + w) >= total) break;
        sum += w;
        k++;
    }
    return k;
}

// What services' records have made: a group that changes, a cluster with an alarm, tasks and money.
function services(members, epochs) {
    const seat = (i) => ({ slot: i % members.length, name: members[i % members.length].name });
    const group = (number, name, phase, more) => ({
        number,
        name,
        size: 3,
        phase,
        view: 4,
        seats: [
            { ...seat(3), lost: false, state: 'serves' },
            { ...seat(0), lost: phase === 'changing', state: phase === 'changing' ? 'lost' : 'serves' },
            { ...seat(4), lost: false, state: 'drains' },
        ],
        alarms: phase === 'changing' ? ['no-candidate', 'operators'] : [],
        next_view: phase === 'changing' ? 5 : 4,
        next_seats: phase === 'changing' ? [seat(3), seat(5), seat(4)] : [],
        listed: [seat(0), seat(3), seat(4), seat(5)],
        entries: 2,
        instances: 12,
        instances_max: 256,
        sessions: 31,
        ...more,
    });
    return {
        known: true,
        current: true,
        epoch: epochs,
        groups: [group(0, 'state', 'changing'), group(1, 'spare', 'forming', { view: 0, seats: [] })],
        shares: {
            slots: 4,
            threshold: 3,
            confirmations: 3,
            ids: 1207,
            ids_max: 4096,
            synced: 1200,
            waiting: 7,
            deleted: 3,
            quota: 85,
            due: 40,
            resharing: 12,
            public: 2,
            away: 1,
            holders: 5,
            convicted: 1,
            clusters: [
                {
                    number: 0,
                    seated: true,
                    alarm: true,
                    alarm_epoch: epochs,
                    alarms: ['few', 'no-dealers'],
                    public_phase: 'disputes',
                    public_until: epochs + 60,
                    seats: [
                        { ...seat(3), ready: true, lost: false },
                        { ...seat(0), ready: true, lost: true },
                        { slot: null, name: '', ready: false, lost: true },
                        { ...seat(5), ready: false, lost: false },
                    ],
                },
                { number: 1, seated: false, alarm: false, alarm_epoch: 0, alarms: [], public_phase: 'none', public_until: 0, seats: [] },
            ],
        },
        tasks: {
            accounts: 9,
            accounts_max: 256,
            total: '18446744073709551615',
            locked: 1500,
            tasks_max: 128,
            states: { open: 1, accepted: 2, failed: 1, paid: 30, closed: 0, expired: 0 },
            offers: [{ ...seat(4), price: 5, address: '192.0.2.7:7400', codes: [hex('program'), hex('other')] }],
        },
        identity: {
            state: 'few',
            ca_number: 2,
            generation: 7,
            since_epoch: epochs - 3,
            threshold: 3,
            indices: 4,
            live: 3,
            convicted: 1,
            ceremony: 'deals',
            is_reshare: true,
            attempts: 9,
            holders: [
                { ...seat(0), indices: 1, live: 1, lost: false },
                { ...seat(3), indices: 1, live: 0, lost: false },
                { ...seat(4), indices: 1, live: 1, lost: false },
                { slot: null, name: '', indices: 1, live: 0, lost: true },
            ],
        },
        records: [
            { kind: 'transfer', applied: 12, idle: 3 },
            { kind: 'replica', applied: 0, idle: 0 },
        ],
        programs: {
            socket: '/run/assay/admin.svcs',
            connected: 3,
            following: 2,
            submitted: 5,
            refused: 0,
            quotes: 1,
            verdicts: 4,
        },
    };
}

// What a report adds: policy, collateral with its dates, evidence decoded.
function extras(members, epoch) {
    const day = 86400000,
        at = (d) => new Date(T0 + d * day).toISOString();
    const roots = [0, 1, 2, 3].map((v) => ({
        root: hex('vendor' + v),
        name: `Vendor ${v + 1}`,
        until: at([29, 3, 88, 240][v]),
        pieces: [
            { name: 'TCB info', from: at(-1), until: at(29 + v) },
            { name: 'QE identity', from: at(-1), until: at(29) },
            { name: 'Root CA revocation list', from: at(-27), until: at([190, 3, 88, 240][v]) },
            { name: 'PCK signing chain', from: at(-900), until: at(2750) },
        ],
    }));
    const policy = {
        digest: hex('policy'),
        profile: 'development',
        kinds: ['soft'],
        roots: roots.map((r) => ({ name: r.name })),
        advisories_denied: ['INTEL-SA-00615'],
        references: [
            { field: 'mrenclave', state: 'allowed', value: GOOD, not_after: null },
            { field: 'mrenclave', state: 'retiring', value: hex('the build before'), not_after: at(12) },
            { field: 'mrenclave', state: 'denied', value: hex('a bad build'), not_after: null },
        ],
        statuses: [
            ['UpToDate', 'affirming', null],
            ['SWHardeningNeeded', 'affirming', null],
            ['ConfigurationNeeded', 'warning', null],
            ['OutOfDate', 'warning', 2592000],
        ].map(([status, accept, grace_s]) => ({ status, accept, grace_s })),
    };
    const evidence = {
        nodes: members.map((m) => ({
            slot: m.slot,
            kind: 'soft',
            what: 'SOFT quote of an SGX shape',
            length: 4022,
            epoch,
            verdict: 'genuine, and it satisfies the policy',
            claims: [
                { name: 'mrenclave', observed: GOOD, expected: GOOD, matches: true },
                { name: 'mrsigner', observed: '0'.repeat(64) },
                { name: 'isvsvn', observed: '1', expected: 'at least 1', matches: true },
                { name: 'debug', observed: 'false', expected: 'false', matches: true },
                { name: 'fmspc', observed: '7779cb9a2c9d' },
            ],
        })),
    };
    return { policy, collateral: { roots }, evidence };
}

// What a node found in the evidence of a member: document `evidence`. options: { own, bad: another build }
function verified(docs, slot, options = {}) {
    const day = 86400000,
        at = (d) => new Date(T0 + d * day).toISOString(),
        node = docs.nodes.nodes[slot],
        head = { slot, name: node.name, own: !!options.own };
    if (options.own) return { ...head, epoch: null, digest: null, length: null, verdict: null };
    const window = (name, certificate, from, until) => ({ name, certificate, from: at(from), until: at(until) });
    return {
        ...head,
        epoch: docs.status.epoch,
        digest: hex('evidence' + slot),
        length: 4022,
        verdict: {
            kind: 'sgx-v3',
            what: 'Intel SGX quote of version 3',
            outcome: options.bad ? 'fail-hard' : 'pass-needs-hardening',
            tier: options.bad ? 'contraindicated' : 'warning',
            genuine: true,
            insecure: false,
            debug: false,
            at: at(0),
            expires: at(2),
            tcb_status: 'SWHardeningNeeded',
            tcb_date: at(-200),
            advisory_ids: ['INTEL-SA-00615', 'INTEL-SA-00657', 'INTEL-SA-00767'],
            tcb_now: null,
            platform_id: hex('platform' + slot),
            instance: null,
            proofs: [
                { name: 'quote_signature_ok', state: 'true' },
                { name: 'qe_report_signature_ok', state: 'true' },
                { name: 'ak_binding_ok', state: 'true' },
                { name: 'chain_to_trusted_root_ok', state: options.bad ? 'unknown' : 'true' },
            ],
            validity: [
                window('Intel SGX PCK Certificate', true, -400, 2000),
                window('Intel SGX PCK Platform CA', true, -2000, 3000),
                window('TCB info', false, -28, 2),
                window('QE identity', false, -40, options.bad ? -10 : 20),
            ],
            measurements: [
                { field: 'mrenclave', value: options.bad ? BAD : GOOD, state: options.bad ? 'unknown' : 'allowed' },
                { field: 'mrsigner', value: hex('signer'), state: 'free' },
            ],
            devices: options.devices || [],
            reasons: options.bad
                ? [
                      {
                          rule: 'measurement-unknown',
                          text: 'the measurement is none of the reference values',
                          expected: 'a reference value',
                          observed: BAD,
                          fix: 'run the build that the policy accepts',
                      },
                  ]
                : [],
        },
    };
}

// Workload keys of a member: document `keys`.
function keysOf(docs, slot) {
    const node = docs.nodes.nodes[slot],
        key = (name, purpose, more) => ({
            purpose,
            name,
            audiences: [],
            spki_sha256: hex('key ' + name),
            declared: true,
            certified: true,
            granted: false,
            active: true,
            reason: 'active',
            reason_text: '',
            ...more,
        });
    return {
        slot,
        name: node.name,
        node_id: node.node_id,
        node_id_base32: 'a'.repeat(51) + 'q',
        keys_epoch: docs.status.certified_epoch,
        keys: [
            key('api', 'tls', { granted: true }),
            key('jobs', 'token', { active: false, certified: false, reason: 'not_bound', reason_text: 'no certified evidence binds it yet' }),
        ],
    };
}

const envelope = (docs, node = 'peer-4') => ({
    schema: 'assay.page',
    schema_version: 1,
    node,
    generated_at: new Date(T0 + 41000).toISOString(),
    data: docs,
});

module.exports = { network, verified, keysOf, envelope, hex, BAD, GOOD, T0 };
