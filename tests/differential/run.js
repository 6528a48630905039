// tests/differential/run.js - the whole run: shards in processes of their own, progress, and the table.
//
// usage: node run.js --program P --peer FOLDER --vectors FOLDER --out FOLDER [--count N] [--seed N] [--jobs N]
//
// Each shard appends to a file of its own; what is there already is not done again. Exit status 1 when a
// disagreement is unexplained or forbidden.
'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const { fork } = require('child_process');

function options(args) {
    const out = { count: '100000', seed: '1', jobs: String(Math.min(4, os.cpus().length)) };
    for (let i = 0; i < args.length; i += 2) {
        if (!/^--(program|peer|vectors|out|count|seed|jobs)$/.test(args[i]) || args[i + 1] === undefined)
            throw new Error(`run: what is ${args[i]}?`);
        out[args[i].slice(2)] = args[i + 1];
    }
    for (const name of ['program', 'peer', 'vectors', 'out'])
        if (!out[name]) throw new Error(`run: --${name} is missing`);
    for (const name of ['count', 'seed', 'jobs'])
        if (!/^[0-9]+$/.test(out[name])) throw new Error(`run: --${name} is a number`);
    return out;
}

// The SGX and TDX cases of the vectors; where none says when, the time of one that does.
function writeBases(vectors, file) {
    const usual = '2025-07-04T10:16:31Z';
    const manifest = JSON.parse(fs.readFileSync(path.join(vectors, 'MANIFEST.json'), 'utf8'));
    const lines = manifest.cases.map((one) => {
        const folder = ['sgx', 'tdx'].map((kind) => path.join(vectors, kind, one.id))
            .find((name) => fs.existsSync(path.join(name, 'quote.bin')));
        return folder && `${folder} ${Date.parse(one.evaluation_time || usual) / 1000}\n`;
    });
    fs.writeFileSync(file, lines.filter(Boolean).join(''));
}

// Whole lines of a shard that was stopped; half a line at the end is cut off.
function linesDone(file) {
    if (!fs.existsSync(file)) return 0;
    const bytes = fs.readFileSync(file);
    const end = bytes.lastIndexOf(10) + 1;
    if (end < bytes.length) fs.truncateSync(file, end);
    let count = 0;
    for (const byte of bytes.subarray(0, end)) if (byte === 10) count += 1;
    return count;
}

function runShard(o, bases, shard, jobs, state) {
    const file = path.join(o.out, `shard-${o.seed}-${shard}-of-${jobs}.jsonl`);
    const before = linesDone(file);
    const from = shard + before * jobs;
    const whole = Math.max(0, Math.ceil((Number(o.count) - shard) / jobs));
    state[shard] = { file, before, done: 0 };
    if (before >= whole) return Promise.resolve();
    const args = [o.program, o.peer, bases, o.seed, String(from), o.count, String(jobs), file];
    const child = fork(path.join(__dirname, 'peer.js'), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (m) => { state[shard].done = m.done; });
    return new Promise((resolve, reject) => {
        child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`shard ${shard} ended: ${code}`))));
    });
}

function showProgress(state, total, start) {
    const done = state.reduce((sum, one) => sum + one.done, 0);
    const before = state.reduce((sum, one) => sum + one.before, 0);
    const rate = done / ((Date.now() - start) / 1000);
    const left = rate > 0 ? Math.round((total - before - done) / rate) : 0;
    console.error(`differential: ${before + done} of ${total}, ${rate.toFixed(0)}/s, ${left} s left`);
}

// --- the table
const WHO = { ours: 'ours is right', peer: 'the peer is right', choice: 'either may', defect: 'OURS IS WRONG',
    unbuilt: 'not built yet', unknown: 'UNEXPLAINED' };
const KINDS = { A: 'we accept, it refuses', B: 'we refuse, it accepts', C: 'both accept, otherwise',
    V: 'both alike, the rules not' };

function tally(state, count) {
    const t = { cases: 0, bothAccept: 0, bothRefuse: 0, classes: new Map(), failing: [] };
    for (const { file } of state)
        for (const text of fs.readFileSync(file, 'utf8').split('\n')) {
            if (text === '') continue;
            const line = JSON.parse(text);
            if (line.i >= count) continue;
            t.cases += 1;
            if (!line.kind) {
                t[line.ok ? 'bothAccept' : 'bothRefuse'] += 1;
                continue;
            }
            const key = `${line.kind}\t${line.class}`;
            const one = t.classes.get(key) || { kind: line.kind, class: line.class, who: line.who, count: 0,
                first: line };
            one.count += 1;
            t.classes.set(key, one);
            if (line.fails) t.failing.push(line);
        }
    return t;
}

function printTable(t, o) {
    console.log(`cases ${t.cases}, seed ${o.seed}: both accept alike ${t.bothAccept}, both refuse ${t.bothRefuse}`);
    const rows = [...t.classes.values()].sort((a, b) => (a.kind + a.class < b.kind + b.class ? -1 : 1));
    for (const kind of Object.keys(KINDS)) {
        const ofKind = rows.filter((one) => one.kind === kind);
        console.log(`${kind} ${KINDS[kind]}: ${ofKind.reduce((sum, one) => sum + one.count, 0)}`);
        for (const one of ofKind)
            console.log(`  ${one.class.padEnd(26)} ${String(one.count).padStart(6)}  ${WHO[one.who].padEnd(18)} ` +
                `e.g. case ${one.first.i}: ${one.first.base} ${one.first.mutation}`.trimEnd());
    }
    for (const line of t.failing.slice(0, 10)) console.log(`unexplained: ${JSON.stringify(line)}`);
    const known = (kinds) => rows.filter((one) => one.who === 'defect' && kinds.includes(one.kind))
        .reduce((sum, one) => sum + one.count, 0);
    console.log(`known defects of ours ${known('ABCV')}, of them where we accept and it and the rules refuse ` +
        `${known('A')}; unexplained or forbidden ${t.failing.length}`);
}

async function main() {
    const o = options(process.argv.slice(2));
    const jobs = Math.max(1, Number(o.jobs));
    fs.mkdirSync(o.out, { recursive: true });
    const bases = path.join(o.out, 'bases.txt');
    writeBases(o.vectors, bases);
    const state = [];
    const start = Date.now();
    const timer = setInterval(() => showProgress(state, Number(o.count), start), 10000);
    try {
        await Promise.all([...Array(jobs).keys()].map((shard) => runShard(o, bases, shard, jobs, state)));
    } finally {
        clearInterval(timer);
    }
    const t = tally(state, Number(o.count));
    printTable(t, o);
    if (t.cases !== Number(o.count)) throw new Error(`run: ${t.cases} cases instead of ${o.count}`);
    process.exitCode = t.failing.length === 0 ? 0 : 1;
}

main().catch((e) => {
    console.error(e.message);
    process.exitCode = 2;
});
