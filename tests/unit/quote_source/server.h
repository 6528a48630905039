/*
 * tests/unit/quote_source/server.h - a web server of the tests' own on 127.0.0.1, a thread with a
 * script: what it answers under which path, how it breaks off, and how often it was asked.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_SOURCE_SERVER_H
#define ASSAY_TESTS_UNIT_QUOTE_SOURCE_SERVER_H

#include "base/bytes.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SERVER_ROUTES = 16, SERVER_REPLIES = 8, SERVER_TARGET = 512, SERVER_MEMORY = 64 };

enum server_manner {
    SERVER_WHOLE,
    SERVER_TRUNCATED, /* says its length and sends half of it */
    SERVER_UNBOUNDED, /* says no length and sends what it has, many times */
    SERVER_SLOW,      /* half of the body, then nothing for slow_ms */
    SERVER_HANGS_UP,  /* no answer at all */
};

struct server_reply {
    int status;
    const char *headers; /* "Name: value\r\n" or NULL */
    struct assay_slice body;
    enum server_manner manner;
};

/* The replies under one path (the whole of it, query too), one after the other; the last stays. */
struct server_route {
    char target[SERVER_TARGET];
    size_t reply_count;
    struct server_reply replies[SERVER_REPLIES];
    atomic_uint hits;
};

struct server {
    int listener, stop[2];
    unsigned port;
    unsigned slow_ms;
    pthread_t thread;
    size_t route_count;
    struct server_route routes[SERVER_ROUTES];
    atomic_uint hits; /* of any path */
    void *memory[SERVER_MEMORY];
    size_t memory_count;
};

/* On the heap; aborts the test when there is no port. Routes are added before it is asked. */
struct server *server_start(void);
void server_stop(struct server *server);
/* Appends a reply under a path; strings and bodies are borrowed. */
void server_add(struct server *server, const char *target, struct server_reply reply);
/* Forgets all replies under a path. */
void server_clear(struct server *server, const char *target);
/* "http://127.0.0.1:PORT" and the path, in one of a few static buffers. */
const char *server_url(const struct server *server, const char *target);
unsigned server_hits(const struct server *server, const char *target);
/* Bytes that live as long as the server. Returns: never NULL. */
void *server_room(struct server *server, size_t len);
/* A 200 with this text. */
struct server_reply server_text(const char *text);

#endif
