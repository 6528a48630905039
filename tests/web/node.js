'use strict';
// tests/web/node.js - answers as a node does over HTTP, from documents that a test changes.

const http = require('http');
const { T0 } = require('./fixture.js');

class Node {
    constructor(page, policy) {
        this.page = page;
        this.policy = policy;
        this.docs = {};
        this.asked = [];
        this.resumed = []; // Last-Event-ID of every reader of the stream
        this.readers = new Set();
        this.version = 0;
        this.boot = 'a1';
        this.refuseStream = false;
        this.verified = null; // by slot: what it found in evidence
        this.keys = null; // by slot: workload keys
        this.votes = null; // of an epoch; null: those of docs, whatever the epoch
    }

    set(docs) {
        this.docs = docs;
        this.version++;
    }

    // The stream: `timeline` with an id to go on from, `snapshot`, `resync`.
    send(name, data, id) {
        for (const reader of this.readers)
            reader.write(`${id ? `id: ${id}\n` : ''}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    }

    answer(request, response) {
        const url = new URL(request.url, 'http://node');
        this.asked.push(url.pathname + url.search);
        if (url.pathname === '/') {
            response.writeHead(200, {
                'Content-Type': 'text/html; charset=utf-8',
                'Content-Security-Policy': this.policy,
            });
            return response.end(this.page);
        }
        if (url.pathname === '/v1/events') {
            if (this.refuseStream) return this.problem(response, 503);
            this.resumed.push(request.headers['last-event-id'] || url.searchParams.get('since') || '');
            response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
            response.write('retry: 200\n\n');
            this.readers.add(response);
            return request.on('close', () => this.readers.delete(response));
        }
        const keys = /^\/v1\/nodes\/(\d+)\/keys$/.exec(url.pathname),
            evidence = /^\/v1\/nodes\/(\d+)\/evidence$/.exec(url.pathname),
            epoch = url.pathname === '/v1/matrix' && url.searchParams.get('epoch');
        if (evidence) return this.document(response, 'evidence', this.verified?.[evidence[1]]);
        if (keys) return this.document(response, 'keys', this.keys?.[keys[1]]);
        if (epoch && this.votes) return this.document(response, 'matrix', this.votes(Number(epoch)));
        const name = {
            '/v1/status': 'status',
            '/v1/nodes': 'nodes',
            '/v1/epochs': 'history',
            '/v1/matrix': 'matrix',
            '/v1/timeline': 'timeline',
            '/v1/policy': 'policy',
            '/v1/collateral': 'collateral',
            '/v1/services': 'services',
            '/v1/changes': 'changes',
            '/v1/ca': 'authority',
        }[url.pathname];
        if (!name || !this.docs[name]) return this.problem(response, 404);
        const etag = `"${this.version}"`;
        if (request.headers['if-none-match'] === etag) {
            response.writeHead(304, { ETag: etag });
            return response.end();
        }
        this.document(response, name, this.docs[name], { ETag: etag });
    }

    document(response, name, data, headers = {}) {
        if (!data) return this.problem(response, 404);
        response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
        response.end(
            JSON.stringify({
                schema: 'assay.' + name,
                schema_version: 1,
                node: 'peer-4',
                generated_at: new Date(T0).toISOString(),
                data,
            }),
        );
    }

    problem(response, status) {
        response.writeHead(status, { 'Content-Type': 'application/problem+json' });
        response.end(JSON.stringify({ type: 'about:blank', title: 'no', status, code: 'not_found' }));
    }

    start(port = 0) {
        this.server = http.createServer((request, response) => this.answer(request, response));
        this.sockets = new Set();
        this.server.on('connection', (socket) => {
            this.sockets.add(socket);
            socket.on('close', () => this.sockets.delete(socket));
        });
        return new Promise((done) =>
            this.server.listen(port, '127.0.0.1', () => {
                this.port = this.server.address().port;
                done(`http://127.0.0.1:${this.port}/`);
            }),
        );
    }

    // As a crash: every connection is gone at once.
    stop() {
        for (const socket of this.sockets) socket.destroy();
        this.readers.clear();
        return new Promise((done) => this.server.close(done));
    }
}

module.exports = { Node };
