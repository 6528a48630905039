// attention.js - the headline of a network and its rows: what is wrong, since when, until when, and what to do. Pure.
//
// Conditions, causes, times and advice are those of the node's documents; this file has words and an order for them.
import { clean, minute, names, plural, span } from './format.js';
import {
    against,
    awayText,
    beganOf,
    beginOf,
    capital,
    conditionOf,
    epochText,
    fallDetail,
    list,
    nameOf,
    nowOf,
    operatorName,
    rootName,
    serves,
    sinceOf,
    spareFaults,
    wayBack,
    worse,
} from './model.js';

const PHRASES_MAX = 2;
export const ROWS_MAX = 5;

// Predicates for what a member did: by the rule that failed, else by the cause in the ledger (openapi.json).
const RULES = {
    'measurement-unknown': 'ran an unknown build',
    'measurement-denied': 'ran a denied build',
    debug: 'ran in debug mode',
    'tcb-revoked': 'ran on a platform whose TCB level is revoked',
    'tcb-not-supported': 'ran on a platform without a TCB level',
    'tcb-status': 'ran on a platform whose TCB status is not accepted',
    'tcb-grace': 'ran on a platform that was not updated in time',
    'advisory-denied': 'ran on a platform with a denied advisory',
    'svn-minimum': 'ran a version below the minimum',
    'certificate-revoked': 'attested with a revoked certificate',
    'collateral-missing': 'cannot be verified (collateral is missing)',
    'collateral-expired': 'cannot be verified (collateral has expired)',
    'roster-platform': 'attested from another platform',
    'roster-root': 'attested by another vendor root',
    'roster-kind': 'attested by another kind of evidence',
    absent: 'sent no evidence',
};
const CAUSES = {
    fail_hard: 'sent evidence that fails',
    fail_soft: 'sent evidence that is out of date',
    false_fail: 'cast a false vote',
    false_fail_again: 'cast false votes again',
    false_pass: 'cast a false vote',
    equivocation: 'signed contradicting messages',
    ceiling: 'has a TCB level that permits no better standing',
    fall: 'sent no evidence that passes',
    mute: 'sent no ballots',
    unjudged: 'sent evidence that cannot be verified',
};

// What to do, by why a member does not recover (`recovery.blocked`), or by how it is away.
const START = 'systemctl start assayd',
    LOG = 'journalctl -u assayd -n 100';
const ACTIONS = {
    offline: ['Start it, or check its network. On its machine:', () => START],
    ended: ['It announced its stop. Start it again on its machine:', () => START],
    unreachable: ['Check the network between this node and it. On this machine:', () => 'assay doctor'],
    evidence: ['Read which rule failed, then fix its build or platform:', (n) => `assay explain ${argumentOf(n)}`],
    unlisted: ['Wait until its new incarnation is listed. If it never is, read the log on its machine:', () => LOG],
    ceiling: ['Update the firmware of its platform. What it lacks:', (n) => `assay explain ${argumentOf(n)}`],
    stalled: ['It recovers after epochs close again:', () => 'assay status'],
    recovers: [
        'Nothing to do: it recovers while its evidence passes. The cause:',
        (n) => `assay explain ${argumentOf(n)}`,
    ],
};
const ADVICE = {
    fenced: ['assay recover status', 'quorum-loss'],
    recover_unconfirmed: ['assay recover status', 'quorum-loss'],
    alone: ['assay doctor', 'quorum-loss'],
    bring_back: ['assay nodes', 'quorum-loss'],
    clock: ['timedatectl status', 'clocks'],
    catch_up: [LOG, ''],
    views: ['assay timeline', 'clocks'],
    ballots: ['assay nodes', 'quorum-loss'],
    margin: ['assay nodes', 'quorum-loss'],
    no_votes: ['assay doctor', ''],
    quiet_floor: ['assay timeline', ''],
    root_votes: ['assay status', ''],
    proposal_waits: ['assay change inbox', ''],
    identity_in_use: ['systemctl stop assayd', 'key-compromise'],
    device_shared: ['assay timeline', 'key-compromise'],
};

// A name that a shell reads as one word, else the slot.
export const argumentOf = (n) => (/^[\w.-]+$/.test(n.name || '') ? n.name : String(n.slot));

const named = (model, n) => {
    const operator = operatorName(model, n.operator_id);
    return nameOf(n) + (operator ? ` (${operator})` : '');
};
const timeOf = (model, ms) => (Number.isFinite(ms) && ms > 0 ? minute(ms, nowOf(model)) : '');

// Why it fell: [code of one cause, predicate]. Members with the same code failed alike.
function causeOf(model, n) {
    const rule = /^([a-z]+(?:-[a-z]+)*): /.exec(fallDetail(model, n) || n.last_reason || '')?.[1],
        fall = n.last_fall,
        code = (fall?.since_cause || fall?.cause)?.code || list(n.reasons)[0]?.code || '';
    // The newest finding may be a later absence: that is not why it fell.
    const byRule = !fall || (rule === 'absent' ? code === 'fall' : /^fail|^unjudged$/.test(code));
    if (byRule && RULES[rule]) return [rule, RULES[rule]];
    return [code, CAUSES[code] || ''];
}

// A member that needs attention, as a row.
function rowOf(model, n) {
    const condition = conditionOf(n),
        { ms } = beganOf(model, n),
        at = timeOf(model, ms),
        back = wayBack(model, n),
        [code, predicate] = causeOf(model, n);
    const row = { key: n.slot, node: n, condition, since: sinceOf(model, n), back };
    const act = (kind) => ({ do: ACTIONS[kind][0], command: ACTIONS[kind][1](n) });
    if (condition === 'OFFLINE')
        return {
            ...row,
            code: 'offline',
            phrase: `${named(model, n)} is offline` + (at ? ` since ${at}` : ''),
            what: capital(awayText(model, n)),
            ...act(n.ended ? 'ended' : 'offline'),
        };
    if (condition === 'FULL')
        return {
            ...row,
            code: 'unreachable',
            phrase: `${named(model, n)} is not reachable from this node`,
            what:
                'Not reachable from this node' +
                (n.last_message_age_ms > 0 ? ` for ${span(n.last_message_age_ms)}` : ''),
            ...act(n.ended ? 'ended' : 'unreachable'),
        };
    const state = back
        ? `is recovering (${back})`
        : (condition === 'WARNING' ? 'is in warning' : `is ${condition.toLowerCase()}`) + (at ? ` since ${at}` : '');
    const blocked = n.recovery?.blocked;
    return {
        ...row,
        code,
        phrase: `${nameOf(n)} ${predicate ? predicate + ' and ' : ''}${state}`,
        predicate,
        what: capital(against(model, n) || n.recovery?.text || ''),
        ...act(back ? 'recovers' : Object.hasOwn(ACTIONS, blocked || '') ? blocked : 'evidence'),
    };
}

// ------------------------------------------------------------ one cause for many

const GROUPS = [
    ['vendor_root', 'vendor root', rootName],
    ['operator_id', 'operator', operatorName],
];

// All members of one vendor root, or of one operator, that failed alike: one row instead of one each.
function groupOf(model, rows, [key, what, nameOfGroup]) {
    const serving = model.nodes.filter(serves);
    for (const first of rows) {
        const id = first.node[key],
            alike = rows.filter((r) => r.node[key] === id && r.code === first.code && r.condition === first.condition),
            all = serving.filter((n) => n[key] === id);
        if (!id || alike.length < 2 || alike.length < all.length || all.length === serving.length) continue;
        const title = `${what} ${nameOfGroup(model, id) || id.slice(0, 8)}`,
            at = timeOf(model, Math.min(...alike.map((r) => beganOf(model, r.node).ms))),
            state = first.code === 'offline' ? 'offline' : first.condition.toLowerCase(),
            did = first.predicate || `are ${state}`;
        return {
            ...first,
            key: title,
            members: alike.map((r) => r.node),
            title: capital(title),
            phrase:
                `${alike.length === 2 ? 'both' : `all ${alike.length}`} members of ${title} ` +
                did.replace(/^has /, 'have ') +
                (at ? ` since ${at}` : ''),
            do: `They fail together: look for what they share, such as collateral, network, firmware or build.`,
            command: first.code === 'offline' ? 'assay nodes' : first.command,
            runbook:
                what === 'operator'
                    ? ''
                    : first.code.startsWith('collateral')
                      ? 'collateral-outage'
                      : 'mass-suspension',
        };
    }
    return null;
}

function grouped(model, rows) {
    for (const by of GROUPS) {
        const group = groupOf(model, rows, by);
        if (group) return [group, ...grouped(model, rows.filter((r) => !group.members.includes(r.node)))];
    }
    return rows;
}

// Members that need attention, the worst first. Members that are drained or in maintenance are as operators want it.
export const needing = (model) =>
    model.nodes
        .filter(
            (n) =>
                serves(n) &&
                conditionOf(n) !== 'MAINTENANCE' &&
                (conditionOf(n) !== 'FULL' || (n.present === false && n.slot !== model.status.slot)),
        )
        .sort((a, b) => worse(b) - worse(a) || (a.score_bp || 0) - (b.score_bp || 0) || a.slot - b.slot);

// ------------------------------------------------------------ the network

// What the node advises about the network, with a command.
const adviceRows = (status) =>
    list(status.advice).map((a) => {
        const [command = 'assay status', runbook = ''] = ADVICE[a.code] || [];
        const what = capital(clean(a.text, 300));
        return { key: 'advice/' + a.code, code: a.code, network: true, what, command, runbook };
    });

// Changes that wait for approvals of operators, of nodes that report them.
export const proposalsOf = (model) =>
    list(model.docs.changes?.proposals).map((p) => ({
        id: clean(p.id || '', 64),
        what: capital(list(p.actions).map((a) => clean(a, 200)).join('; ')) || 'A change',
        by: list(p.approvals).map((a) => clean(a.operator, 32)),
        missing: list(p.missing).map((name) => clean(name, 32)),
        needed: p.needed || 0,
        author: clean(p.operator || '', 32),
        comment: clean(p.comment || '', 280),
        note: clean(p.what_if?.note || '', 200),
        since: p.since_epoch || 0,
        until: p.expires || 0,
        untilMs: p.expires_at_ms || NaN,
    }));

// 'Approved by a and b; 2 more approvals are needed, of c, d or e.'
const approvalsOf = (p) =>
    (p.by.length ? `Approved by ${names(p.by)}` : 'Approved by no operator yet') +
    (p.needed
        ? `; ${plural(p.needed, 'more approval')} ${p.needed === 1 ? 'is' : 'are'} needed` +
          (p.missing.length ? `, of ${names(p.missing, 5).replace(/ and (?=[^ ]+$)/, ' or ')}` : '')
        : '; enough operators approved it');

const proposalRows = (model) =>
    proposalsOf(model).map((p) => ({
        key: 'proposal/' + p.id,
        code: 'proposal',
        title: 'Change to approve',
        what: [p.what, p.comment && `"${p.comment}"`, approvalsOf(p), p.note].filter(Boolean).join('. ') + '.',
        since: p.since ? epochText(model, p.since) : '',
        expires: p.until ? epochText(model, p.until, p.untilMs || beginOf(model, p.until + 1)) : '',
        do: p.needed
            ? 'Review it (assay change inbox), then approve it with the key of an operator:'
            : 'It comes into force by itself. Its state:',
        command:
            p.needed && /^[0-9a-f]{16}/.test(p.id)
                ? `assay change approve ${p.id.slice(0, 16)} --key FILE`
                : 'assay change inbox',
    }));

// Members without which nothing becomes final, the heaviest first.
function missingRows(model) {
    return [...list(model.status.closing?.missing)]
        .sort((a, b) => (b.weight || 0) - (a.weight || 0))
        .map((m) => {
            const node = model.bySlot.get(m.slot) || model.nodes.find((n) => n.name === m.name),
                away = m.present === false || (m.present === undefined && m.evidence === undefined);
            const what = away
                ? (m.ended ? 'Stopped, as it announced' : 'Not reachable') +
                  (m.last_message_age_ms > 0 ? `, for ${span(m.last_message_age_ms)}` : '')
                : m.evidence === false
                  ? 'Sent no evidence for this epoch'
                  : 'Sent no ballot for this epoch';
            return {
                key: 'missing/' + m.name,
                node,
                title: node ? '' : clean(m.name, 40),
                condition: node ? conditionOf(node) : 'OFFLINE',
                code: 'missing',
                what,
                do: away ? 'Start it, or check its network. On its machine:' : 'Read the log on its machine:',
                command: away ? START : LOG,
            };
        });
}

// Why nothing becomes final: { head, text }, or null while the network works.
function stoppedOf(model) {
    const { status } = model,
        closing = status.closing || {};
    if (status.cannot_catch_up)
        return { head: 'This node cannot catch up.', text: clean(status.cannot_catch_up, 300) };
    if (!status.stale && closing.progress !== false) return null;
    const missing = list(closing.missing).map((m) => clean(m.name, 40)),
        at = status.stale ? timeOf(model, status.head_time_ms) : '',
        age = status.stale && status.head_age_ms > 0 ? `, for ${span(status.head_age_ms)}` : '';
    const gone = missing.length ? `: ${names(missing, 5)} ${missing.length === 1 ? 'is' : 'are'} missing` : '';
    return {
        head: status.fenced
            ? `The operators have fenced this era${at ? `; nothing is final since ${at}` : ''}.`
            : `The network is stopped${at ? ` since ${at}` : ''}${age}${gone}.`,
        text: 'No permit is given and no score counts until an epoch closes.',
    };
}

const share = (part, all) => (all ? `${Math.floor((100 * part) / all)}\u202f%` : '');

// ------------------------------------------------------------ all of it

// What is shown first: { tone, head, text, rows, more }. Rows have { key, node or title, what, since, back, do,
// command, runbook }.
export function headline(model, link) {
    const nodes = model.nodes.filter(serves);
    if (link?.lost)
        return {
            tone: 'bad',
            head: `No contact with this node for ${span(link.age)}.`,
            text: 'What is shown below is what it reported last. The page queries it again every second.',
            rows: [
                {
                    key: 'lost',
                    network: true,
                    what: 'Is its daemon running? On its machine:',
                    command: 'systemctl status assayd',
                },
            ],
        };
    if (nodes.length === 0)
        return {
            tone: 'unknown',
            head: link?.kind === 'first' ? 'Connecting to the node \u2026' : 'No data yet.',
            text: link?.kind === 'first' ? '' : 'This page has no document about members.',
            rows: [],
        };
    const stopped = stoppedOf(model);
    if (stopped) {
        const { status } = model,
            { present_weight: present } = status.closing || {};
        return {
            tone: 'bad',
            head: stopped.head,
            text:
                stopped.text +
                (Number.isFinite(present) && status.total_weight
                    ? ` ${share(present, status.total_weight)} of the weight is reachable, more than 66\u202f% are required.`
                    : ''),
            rows: [...adviceRows(status), ...missingRows(model)],
        };
    }
    return working(model, nodes);
}

// Of a network that makes progress.
function working(model, nodes) {
    const { status } = model,
        low = needing(model),
        rows = grouped(model, low.map((n) => rowOf(model, n))),
        proposals = proposalRows(model),
        advice = adviceRows(status).filter((a) => !(a.code === 'proposal_waits' && proposals.length)),
        spare = spareFaults(status);
    const attested = nodes.filter(
        (n) => n.last_success_epoch >= (status.certified_epoch || 0) && n.last_success_epoch > 0,
    ).length;
    const worst = low.length ? conditionOf(low[0]) : 'FULL',
        margin = advice.some((a) => a.code === 'margin');
    const tone = margin
        ? 'bad'
        : ['SUSPENDED', 'OFFLINE', 'RESTRICTED'].includes(worst) || spare === 0
          ? 'warn'
          : low.length || advice.length || proposals.length || attested < nodes.length
            ? 'note'
            : 'good';
    return {
        tone,
        head: headOf(model, nodes, low, rows, proposals, attested),
        text: textOf(model, nodes, attested, spare, margin),
        rows: [...(margin ? advice : []), ...rows, ...(margin ? [] : advice), ...proposals],
    };
}

function headOf(model, nodes, low, rows, proposals, attested) {
    const open = proposals.length,
        waits = open ? `${plural(open, 'change')} ${open === 1 ? 'waits' : 'wait'} for approvals.` : '';
    if (low.length === 0) {
        const good =
            attested === nodes.length
                ? `All ${nodes.length} nodes are attested and fully trusted.`
                : `${attested} of ${nodes.length} nodes attested in the last epoch.`;
        return waits ? `${waits} ${good}` : good;
    }
    const phrases = rows.slice(0, PHRASES_MAX).map((r) => r.phrase),
        rest = rows.length - phrases.length;
    return (
        `${low.length} of ${nodes.length} nodes ${low.length === 1 ? 'needs' : 'need'} attention: ` +
        phrases.join('; ') +
        (rest > 0 ? `; and ${rest} more` : '') +
        '.' +
        (waits ? ` ${waits}` : '')
    );
}

// What still works, what may still fail, and which members are out of service on purpose.
function textOf(model, nodes, attested, spare, margin) {
    const parts = [],
        full = nodes.filter((n) => conditionOf(n) === 'FULL').length;
    if (full < nodes.length) parts.push(`${attested} of ${nodes.length} attested, ${full} are FULL.`);
    if (spare !== null)
        parts.push(
            spare === 0
                ? margin
                    ? 'One more failure may stop the network.'
                    : 'No member may fail: one failure stops the network or ends its safety.'
                : spare === 1
                  ? 'One more member may fail.'
                  : `Any ${wordOf(spare)} more members may fail.`,
        );
    for (const n of model.nodes.filter((x) => ['DRAINED', 'MAINTENANCE'].includes(conditionOf(x))).slice(0, 3))
        parts.push(`${nameOf(n)} is ${awayText(model, n)}.`);
    return parts.join(' ');
}

const wordOf = (n) =>
    ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][n] || String(n);
