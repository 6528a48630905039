/*
 * net/system/resolver.c - asynchronous name resolution. Requests are in one list until a thread
 * takes them; the threads are detached, and the last one, owner or thread, frees the shared state.
 */
#include "net/system/resolver.h"

#include "base/assert.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { STACK_LEN = 512 << 10 };

enum stage { ASKED, RUNNING, ANSWERED };

struct question {
    struct question *next;
    enum stage stage;
    struct assay_resolver_answer answer;
};

struct assay_resolver {
    pthread_mutex_t lock;
    assay_resolve *resolve;
    void *context;
    bool is_closed;
    unsigned threads;
    uint32_t answered; /* requests that await collection */
    struct question *questions;
};

static size_t resolve_blocking(void *context, const char *host,
                               char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    size_t count = 0;
    (void)context;
    if (getaddrinfo(host, NULL, &hints, &list) != 0) return 0;
    for (const struct addrinfo *i = list; i != NULL && count < ASSAY_RESOLVER_NUMBERS_MAX;
         i = i->ai_next) {
        char text[ASSAY_RESOLVER_NUMBER_LEN - 2];
        if (getnameinfo(i->ai_addr, i->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        if (strchr(text, '%') != NULL) continue; /* of one link alone: net/zmq/dial.c */
        const bool six = i->ai_family == AF_INET6;
        (void)snprintf(numbers[count++], ASSAY_RESOLVER_NUMBER_LEN, six ? "[%s]" : "%s", text);
    }
    freeaddrinfo(list);
    return count;
}

static void release_shared(struct assay_resolver *r)
{
    ASSAY_ASSERT(r->is_closed && r->threads == 0);
    while (r->questions != NULL) {
        struct question *const next = r->questions->next;
        free(r->questions);
        r->questions = next;
    }
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct question *find_question(struct assay_resolver *r, enum stage stage)
{
    struct question *q = r->questions;
    while (q != NULL && q->stage != stage) q = q->next;
    return q;
}

/* The lock is locked, except during a query. */
static void run_resolver(struct assay_resolver *r)
{
    ASSAY_ASSERT(r->threads > 0);
    struct question *q = NULL;
    while (!r->is_closed && (q = find_question(r, ASKED)) != NULL) {
        q->stage = RUNNING;
        pthread_mutex_unlock(&r->lock);
        q->answer.count = r->resolve(r->context, q->answer.host, q->answer.numbers);
        pthread_mutex_lock(&r->lock);
        ASSAY_ASSERT(q->answer.count <= ASSAY_RESOLVER_NUMBERS_MAX);
        q->stage = ANSWERED;
        r->answered++;
    }
}

static void *run_thread(void *argument)
{
    struct assay_resolver *const r = argument;
    pthread_mutex_lock(&r->lock);
    run_resolver(r);
    r->threads--;
    const bool is_last = r->is_closed && r->threads == 0;
    pthread_mutex_unlock(&r->lock);
    if (is_last) release_shared(r);
    return NULL;
}

enum assay_status assay_resolver_open(assay_resolve *resolve, void *context,
                                      struct assay_resolver **out)
{
    struct assay_resolver *const r = calloc(1, sizeof *r);
    if (r == NULL) return ASSAY_E_MEMORY;
    if (pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        return ASSAY_E_MEMORY;
    }
    r->resolve = resolve != NULL ? resolve : resolve_blocking;
    r->context = context;
    *out = r;
    return ASSAY_OK;
}

void assay_resolver_close(struct assay_resolver **resolver)
{
    struct assay_resolver *const r = *resolver;
    if (r == NULL) return;
    pthread_mutex_lock(&r->lock);
    r->is_closed = true;
    const bool is_last = r->threads == 0;
    pthread_mutex_unlock(&r->lock);
    if (is_last) release_shared(r);
    *resolver = NULL;
}

/* The lock is locked. Returns: whether a thread will answer. */
static bool is_served(struct assay_resolver *r)
{
    ASSAY_ASSERT(r->threads <= ASSAY_RESOLVER_THREADS_MAX);
    pthread_attr_t attributes;
    pthread_t thread;
    if (r->threads == ASSAY_RESOLVER_THREADS_MAX) return true;
    if (pthread_attr_init(&attributes) != 0) return r->threads > 0;
    const bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                         pthread_attr_setstacksize(&attributes, STACK_LEN) == 0 &&
                         pthread_create(&thread, &attributes, run_thread, r) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (started) r->threads++;
    return r->threads > 0;
}

static enum assay_status start_question(struct assay_resolver *r, uint32_t asker, const char *host)
{
    ASSAY_ASSERT(!r->is_closed);
    struct question **end = &r->questions;
    for (; *end != NULL; end = &(*end)->next)
        if ((*end)->answer.asker == asker) return ASSAY_E_AGAIN;
    struct question *const q = calloc(1, sizeof *q);
    if (q == NULL) return ASSAY_E_MEMORY;
    q->answer.asker = asker;
    (void)snprintf(q->answer.host, sizeof q->answer.host, "%s", host);
    *end = q;
    if (is_served(r)) return ASSAY_OK;
    *end = NULL;
    free(q);
    return ASSAY_E_MEMORY;
}

enum assay_status assay_resolver_request(struct assay_resolver *resolver, uint32_t asker,
                                         const char *host)
{
    if (strlen(host) >= ASSAY_RESOLVER_HOST_MAX) return ASSAY_E_RANGE;
    pthread_mutex_lock(&resolver->lock);
    const enum assay_status status = start_question(resolver, asker, host);
    pthread_mutex_unlock(&resolver->lock);
    return status;
}

/* Of one asker, or the first of any. Returns: whether there was an answer */
static bool take_answer(struct assay_resolver *r, const uint32_t *asker,
                        struct assay_resolver_answer *answer)
{
    struct question *found = NULL;
    pthread_mutex_lock(&r->lock);
    struct question **at = r->answered > 0 ? &r->questions : NULL;
    while (at != NULL && *at != NULL &&
           ((*at)->stage != ANSWERED || (asker != NULL && (*at)->answer.asker != *asker)))
        at = &(*at)->next;
    if (at != NULL && *at != NULL) {
        found = *at;
        ASSAY_ASSERT(found->stage == ANSWERED);
        *at = found->next;
        r->answered--;
    }
    pthread_mutex_unlock(&r->lock);
    if (found == NULL) return false;
    *answer = found->answer;
    free(found);
    return true;
}

bool assay_resolver_next(struct assay_resolver *resolver, struct assay_resolver_answer *answer)
{
    return take_answer(resolver, NULL, answer);
}

bool assay_resolver_next_of(struct assay_resolver *resolver, uint32_t asker,
                            struct assay_resolver_answer *answer)
{
    return take_answer(resolver, &asker, answer);
}
