/*
 * tests/hostile/attacker.c - see attacker.h.
 */
#include "tests/hostile/attacker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REDIAL_MS = 250 };

void attacker_noise(struct attacker *a, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        a->noise ^= a->noise << 13;
        a->noise ^= a->noise >> 7;
        a->noise ^= a->noise << 17;
        at[i] = (uint8_t)(a->noise >> 24);
    }
}

const uint8_t *attacker_bootstrap_key_of(const struct attacker *a, uint32_t i)
{
    return a->fleet->genesis.members[a->fleet->nodes[i].slot].bootstrap_public;
}

static void hang_up(struct zmtp *z)
{
    if (z->fd >= 0) zmtp_close(z, true);
    z->fd = -1;
}

struct zmtp *attacker_next(struct attacker *a)
{
    struct zmtp *z = &a->raw[a->used++ % RAW];
    hang_up(z);
    return z;
}

bool attacker_connect(struct attacker *a, struct zmtp *z, uint32_t i)
{
    if (zmtp_connect(z, a->fleet->nodes[i].port, a->ring.current.transport_private.bytes,
                     attacker_bootstrap_key_of(a, i)))
        return true;
    hang_up(z);
    return false;
}

void attacker_drop(struct attacker *a, uint32_t i)
{
    hang_up(&a->to[i]);
}

struct zmtp *attacker_to(struct attacker *a, uint32_t i)
{
    if (a->to[i].fd >= 0) return &a->to[i];
    const uint64_t now_ms = fleet_ms();
    if (now_ms - a->dialled_ms[i] < REDIAL_MS) return NULL;
    a->dialled_ms[i] = now_ms;
    return attacker_connect(a, &a->to[i], i) ? &a->to[i] : NULL;
}

void attacker_say(struct attacker *a, uint32_t i, int flags, const void *bytes, size_t len)
{
    static _Thread_local uint8_t out[ASSAY_FRAME_LEN_MAX + 256];
    struct zmtp *z = attacker_to(a, i);
    if (z == NULL) return;
    if (!zmtp_write(z, out, zmtp_seal(z, flags, bytes, len, out))) attacker_drop(a, i);
}

void attacker_say_all(struct attacker *a, int flags, const void *bytes, size_t len)
{
    for (uint32_t i = 0; i < a->fleet->honest; i++)
        attacker_say(a, i, flags, bytes, len);
}

void attacker_tell(struct attacker *a, unsigned kind, const void *payload, size_t len)
{
    static _Thread_local uint8_t bytes[ASSAY_FRAME_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (assay_frame_encode(a->fleet->genesis.chain_id, (enum assay_message_kind)kind,
                           assay_slice_over(payload, len), &w) != ASSAY_OK)
        fleet_fail("a frame cannot be encoded", assay_message_name(kind));
    attacker_say_all(a, 0, bytes, w.len);
}

void attacker_tell_written(struct attacker *a, unsigned kind, const struct assay_writer *w)
{
    struct assay_slice payload;
    if (assay_writer_finish(w, &payload) != ASSAY_OK)
        fleet_fail("a message cannot be encoded", assay_message_name(kind));
    attacker_tell(a, kind, payload.bytes, payload.len);
}

void attacker_hush(struct attacker *a)
{
    for (size_t i = 0; i < RAW; i++)
        hang_up(&a->raw[i]);
    for (uint32_t i = 0; i < FLEET_MAX; i++)
        hang_up(&a->to[i]);
    if (a->is_stopped) (void)kill(a->fleet->nodes[a->number].pid, SIGCONT);
    a->is_stopped = false;
    a->said = 0;
    a->turns = 0;
    a->used = 0;
}

static const struct attack *attack_at(int which)
{
    const size_t at = (size_t)which;
    return at < connection_attacks_count ? &connection_attacks[at]
                                         : &message_attacks[at - connection_attacks_count];
}

static void *work(void *context)
{
    struct attacker *a = context;
    zmtp_be_patient(PATIENCE_MS);
    for (; !atomic_load(&a->over); (void)usleep(PACE_US)) {
        const int which = atomic_load(&a->which);
        if (which < 0) {
            attacker_hush(a);
            atomic_store(&a->quiet, true);
        } else {
            atomic_store(&a->quiet, false);
            const struct attack *attack = attack_at(which);
            if (a->is_short && attack->sort == MALFORMED && a->turns > 0) continue;
            attack->turn(a);
            a->turns++;
        }
    }
    attacker_hush(a);
    return NULL;
}

void attacker_open(struct attacker *a, struct fleet *fleet, uint32_t number, bool is_short)
{
    char keys[128];
    a->fleet = fleet;
    a->number = number;
    a->is_short = is_short;
    a->noise = 88172645463325252U + number;
    for (size_t i = 0; i < RAW; i++)
        a->raw[i].fd = -1;
    for (size_t i = 0; i < FLEET_MAX; i++)
        a->to[i].fd = -1;
    (void)snprintf(keys, sizeof keys, "%s/keys", fleet->nodes[number].dir);
    if (assay_keyring_load(keys, &a->ring) != ASSAY_OK ||
        assay_p256_signer_load(&a->ring.identity_private, &a->identity) != ASSAY_OK ||
        assay_p256_signer_load(&a->ring.current.voting_private, &a->voting) != ASSAY_OK)
        fleet_fail("its keys cannot be read", keys);
    atomic_store(&a->which, -1);
    if (pthread_create(&a->thread, NULL, work, a) != 0) fleet_fail("no thread", keys);
}

void attacker_close(struct attacker *a)
{
    atomic_store(&a->over, true);
    (void)pthread_join(a->thread, NULL);
    assay_p256_signer_free(&a->identity);
    assay_p256_signer_free(&a->voting);
    assay_keyring_wipe(&a->ring);
}
