// source.js - where documents come from: a running node (requests and its stream of events), or a block of
// data in this very file.
import { servicesOf } from './model.js';

const LIVE = {
    status: '/v1/status',
    nodes: '/v1/nodes',
    history: '/v1/epochs',
    matrix: '/v1/matrix',
    timeline: '/v1/timeline',
    policy: '/v1/policy',
    collateral: '/v1/collateral',
    services: '/v1/services',
    changes: '/v1/changes',
    authority: '/v1/ca',
};
const LOOK_MS = 2000; // how often a node is asked that sends no events
const GONE_MS = 6000; // without an answer for so long what is shown is old
const EVENTS_MAX = 9216,
    EPOCHS_MAX = 512,
    MATRICES_MAX = 32;

// A file written by `assay report` carries its data in <script type="application/json" id="data">.
export function embedded(doc) {
    const text = doc.getElementById('data')?.textContent.trim();
    return text ? JSON.parse(text) : null;
}

// Lists that grow: newest by key win, the oldest in their order are dropped. An event that repeats comes again under
// a new number, and replaces what it was.
function merge(before, now, key, max, order = key) {
    const by = new Map((before || []).map((x) => [x[key], x]));
    for (const x of now || []) by.set(x[key], x);
    return [...by.values()].sort((a, b) => a[order] - b[order]).slice(-max);
}

// onchange(docs, link): whenever there is something new to show.
export class Live {
    constructor(onchange) {
        this.docs = {};
        this.etags = {};
        this.onchange = onchange;
        this.answered = 0;
        this.began = 0;
        this.link = { kind: 'live', lost: false, stream: false, age: 0 };
        this.busy = false;
        this.again = false;
        this.boot = '';
        this.last = ''; // id of the last event
        this.wanted = new Set();
        this.details = {}; // what detail() requested last
        this.refresh();
        this.timer = setInterval(() => this.look(), 1000);
        this.listen();
        addEventListener('online', () => this.refresh());
    }

    // One request. True: it has news.
    async ask(name, query) {
        const headers = !query && this.etags[name] ? { 'If-None-Match': this.etags[name] } : {};
        const answer = await fetch(LIVE[name] + (query || ''), {
            headers,
            cache: 'no-store',
            signal: AbortSignal.timeout(GONE_MS),
        });
        this.answered = Date.now();
        if (answer.status === 304) return false;
        if (!answer.ok) return false;
        const document_ = await answer.json();
        this.etags[name] = answer.headers.get('ETag');
        this.take(name, document_);
        return document_.data;
    }

    take(name, document_) {
        const data = document_.data,
            old = this.docs[name];
        this.node = document_.node;
        if (name === 'history') data.epochs = merge(old?.epochs, data.epochs, 'epoch', EPOCHS_MAX);
        if (name === 'timeline') {
            if (data.boot !== this.boot && old) old.events = []; // a new run counts from one again
            this.boot = data.boot;
            data.events = merge(old?.events, data.events, 'first_seq', EVENTS_MAX, 'seq');
        }
        this.docs[name] = data;
    }

    // Who said what in an older epoch, once somebody looks at it. What is closed does not change.
    async older(epoch) {
        if (this.wanted.has(epoch)) return;
        this.wanted.add(epoch);
        try {
            const answer = await fetch(`${LIVE.matrix}?epoch=${encodeURIComponent(epoch)}`, {
                cache: 'no-store',
            });
            if (answer.ok)
                this.docs.matrices = [...(this.docs.matrices || []), (await answer.json()).data].slice(
                    -MATRICES_MAX,
                );
        } catch {
            this.wanted.delete(epoch);
        }
        this.tell();
    }

    // What this node found in the newest evidence of a member (`evidence`), and the keys of its programs (`keys`), while
    // its view is open: once an epoch. They are docs[name][slot]; null: the node does not serve them.
    async detail(name, path, slot) {
        const epoch = this.docs.status?.certified_epoch,
            key = `${this.boot}/${slot}/${epoch}`;
        if (this.details[name] === key || epoch === undefined) return;
        this.details[name] = key;
        try {
            const answer = await fetch(`${LIVE.nodes}/${slot}/${path}`, {
                cache: 'no-store',
                signal: AbortSignal.timeout(GONE_MS),
            });
            if (answer.ok) this.docs[name] = { ...this.docs[name], [slot]: (await answer.json()).data };
            else if (answer.status === 404) this.docs[name] = { ...this.docs[name], [slot]: null };
            else setTimeout(() => this.details[name] === key && (this.details[name] = ''), LOOK_MS);
        } catch {
            this.details[name] = '';
        }
        this.tell();
    }

    // Pages of a list, until the last.
    async all(name, list) {
        let page = await this.ask(name);
        const rows = page ? [...page[list]] : [];
        for (let i = 0; page && page.next_since !== null && page.next_since !== undefined && i < 16; i++) {
            page = await this.ask(name, `?since=${page.next_since}`);
            if (page) rows.push(...page[list]);
        }
        if (name === 'nodes' && rows.length) this.docs.nodes = { ...this.docs.nodes, nodes: rows };
    }

    // Events: at first all, then what came after the last one known; all again of another run.
    async newEvents() {
        const last = this.gap ? 0 : this.docs.timeline?.events.at(-1)?.seq || 0,
            boot = this.boot;
        this.gap = false;
        let page = await this.ask('timeline', last ? `?since=${last}` : '');
        if (page && last && this.boot !== boot) page = await this.ask('timeline');
        for (let i = 0; page && page.next_since && i < 16; i++)
            page = await this.ask('timeline', `?since=${page.next_since}`);
    }

    // Closed epochs: at first the newest that fit, then what came after the last one known.
    newEpochs() {
        const known = this.docs.history?.epochs || [];
        return this.ask(
            'history',
            `?limit=256${known.length ? `&since=${known[known.length - 1].epoch + 1}` : ''}`,
        );
    }

    // Everything anew, as far as it changed. One at a time; who asks meanwhile is served once more.
    async refresh() {
        if (this.busy) return void (this.again = true);
        this.busy = true;
        this.began = Date.now();
        try {
            await Promise.all([
                this.ask('status'),
                this.all('nodes', 'nodes'),
                this.newEvents(),
                servicesOf(this.docs) && this.ask('services'),
            ]);
            // Of a node that counts proposals: others do not serve the document.
            if (Number.isFinite(this.docs.status?.proposals_open)) await this.ask('changes');
            const closed = this.docs.status?.certified_epoch;
            if (this.closed !== closed) {
                await Promise.all([
                    this.newEpochs(),
                    this.ask('policy'),
                    this.ask('collateral'),
                    !servicesOf(this.docs) && this.ask('services'),
                ]);
                // A node that has just begun keeps no closed epoch, and has no ballots to tell.
                if (this.docs.history?.epochs.length) await this.ask('matrix');
                if (this.docs.services?.identity) await this.ask('authority');
                this.closed = closed; // only now: what failed is asked for again
            }
        } catch {
            // Told by the age of the last answer.
        }
        this.busy = false;
        this.tell();
        if (this.again) {
            this.again = false;
            this.soon();
        }
    }

    // At most four a second; a stream of events does not put it off.
    soon() {
        if (!this.later)
            this.later = setTimeout(
                () => {
                    this.later = 0;
                    this.refresh();
                },
                Math.max(0, this.began + 250 - Date.now()),
            );
    }

    listen() {
        // From the last event on, when there was one: this stream may be another than the one before.
        const since = this.last ? '?since=' + encodeURIComponent(this.last) : '';
        const stream = (this.stream = new EventSource('/v1/events' + since));
        stream.onopen = () => {
            this.link.stream = true;
        };
        stream.onerror = () => {
            this.link.stream = false;
            // Refused for good (too many readers): the browser does not try again by itself.
            if (stream.readyState === EventSource.CLOSED && stream === this.stream)
                setTimeout(() => !document.hidden && stream === this.stream && this.listen(), 5000);
        };
        stream.addEventListener('timeline', (e) => {
            const event = JSON.parse(e.data);
            this.answered = Date.now();
            this.last = e.lastEventId;
            if (this.docs.timeline)
                this.docs.timeline = {
                    ...this.docs.timeline,
                    events: merge(
                        this.docs.timeline.events,
                        [event],
                        'first_seq',
                        EVENTS_MAX,
                        'seq',
                    ),
                };
            this.soon();
        });
        stream.addEventListener('snapshot', () => this.soon());
        stream.addEventListener('resync', (e) => {
            this.last = e.lastEventId || '';
            this.etags = {};
            this.gap = true;
            delete this.docs.history;
            this.closed = undefined;
            this.refresh();
        });
    }

    // A page that nobody sees holds no stream: browsers allow six connections to a node, of all its pages.
    watched(seen) {
        if (!seen) {
            this.stream.close();
            this.link.stream = false;
            return;
        }
        if (this.stream.readyState === EventSource.CLOSED) this.listen();
        this.refresh();
    }

    look() {
        if (document.hidden) return;
        const age = this.answered ? Date.now() - this.answered : 0;
        if (age > LOOK_MS || !this.answered) this.refresh();
        this.tell();
    }

    tell() {
        const age = this.answered ? Date.now() - this.answered : 0;
        this.link = { ...this.link, lost: age > GONE_MS, age, node: this.node };
        this.onchange(this.docs, this.link);
    }
}
