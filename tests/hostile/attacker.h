/*
 * tests/hostile/attacker.h - an attacker of the honest daemons, over raw sockets, as a stranger or
 * with the keys of a member whose own daemon follows the protocol.
 */
#ifndef ASSAY_TESTS_HOSTILE_ATTACKER_H
#define ASSAY_TESTS_HOSTILE_ATTACKER_H

#include "host/peers/wire.h"
#include "net/keys/keyring.h"
#include "tests/hostile/fleet.h"
#include "tests/support/zmtp.h"

#include <pthread.h>

enum {
    RAW = 256,       /* connections of one attacker at a time, besides its links */
    PACE_US = 10000, /* so often it has its turn ... */
    RATE = 20,       /* ... and messages to each in it: 2000 a second */
    PATIENCE_MS = 300,
};

struct attacker {
    struct fleet *fleet;
    uint32_t number; /* of its node */
    struct assay_keyring ring;
    struct assay_p256_signer *identity, *voting;
    struct zmtp to[FLEET_MAX]; /* links to the honest daemons, once connected */
    uint64_t dialled_ms[FLEET_MAX];
    struct zmtp raw[RAW];
    uint32_t used;    /* of raw, as a ring */
    uint64_t said;    /* of this attack so far: no message is like another */
    uint64_t turns;   /* of this attack */
    uint64_t noise;   /* xorshift */
    bool is_stopped;  /* its own daemon is paused */
    bool is_short;    /* malformed messages are sent once each, and all are checked */
    atomic_int which; /* attack of the table, below zero: none */
    atomic_bool quiet; /* has hung up everywhere */
    atomic_bool over;
    pthread_t thread;
};

struct attack {
    const char *name, *what;
    enum { STRANGER, MEMBER } as;
    void (*turn)(struct attacker *a);
    /*
     * The kind of attack, which decides its position: floods and malformed messages shut their
     * sender out, forged ones ban it or cost it its weight, and a member that is shut out cannot
     * attack any more.
     */
    enum attack_sort { FORMED, FLOOD, MALFORMED, FORGED } sort;
};

extern const struct attack connection_attacks[], message_attacks[];
extern const size_t connection_attacks_count, message_attacks_count;

void attacker_open(struct attacker *a, struct fleet *fleet, uint32_t number, bool is_short);
void attacker_close(struct attacker *a);
/* All connections are closed, its own daemon continues. */
void attacker_hush(struct attacker *a);

/* Random bytes, the same in each run. */
void attacker_noise(struct attacker *a, void *bytes, size_t len);
/* The next place for a connection; the one that was there is hung up. */
struct zmtp *attacker_next(struct attacker *a);
/* The raw connection to honest node i as the member; NULL: it does not take us now. */
struct zmtp *attacker_to(struct attacker *a, uint32_t i);
void attacker_drop(struct attacker *a, uint32_t i);
/* A handshake as the member up to its last word. */
bool attacker_connect(struct attacker *a, struct zmtp *z, uint32_t i);
/* One part to honest node i, and to all. */
void attacker_say(struct attacker *a, uint32_t i, int flags, const void *bytes, size_t len);
void attacker_say_all(struct attacker *a, int flags, const void *bytes, size_t len);
/* One message, framed, to all honest nodes. */
void attacker_tell(struct attacker *a, unsigned kind, const void *payload, size_t len);
/* The same with what a writer holds. */
void attacker_tell_written(struct attacker *a, unsigned kind, const struct assay_writer *w);
const uint8_t *attacker_bootstrap_key_of(const struct attacker *a, uint32_t i);

#endif
