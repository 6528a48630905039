/*
 * apps/demo/services_secret.c - rows about shares: a secret is shared, a holder is suspended, the
 * remaining holders reshare, and the secret is read.
 */
#include "apps/demo/platforms.h"
#include "apps/demo/services.h"
#include "base/file/file.h"
#include "base/system_clock.h"

#include <stdlib.h>
#include <string.h>

static struct {
    struct services_process *owner, *reader;
    char id[65];
    unsigned slot; /* of the cluster: the one that falls had it */
    uint64_t swapped_ms;
} secret;

/* Generation, and how many slots of each cluster keep it. */
static bool read_generation(unsigned *generation, unsigned have[static 2])
{
    char words[80], rest[SERVICES_LINE];
    (void)snprintf(words, sizeof words, "id %s", secret.id);
    return services_seen(words, rest) && services_numbers(rest, "generation", generation, 1) == 1 &&
           services_numbers(rest, "kept", have, 2) == 2;
}

static bool is_everywhere(unsigned least, unsigned *generation)
{
    unsigned have[2];
    return read_generation(generation, have) && *generation >= least && have[0] == SERVICES_GROUP &&
           have[1] == SERVICES_GROUP;
}

/* Returns: the slot of cluster 0 that a peer has; SERVICES_GROUP: none. */
static unsigned slot_of(struct demo *demo, uint32_t peer)
{
    char rest[SERVICES_LINE];
    unsigned seats[SERVICES_GROUP], slot = 0;
    if (!services_seen("cluster 0", rest)) return SERVICES_GROUP;
    const unsigned count = services_numbers(rest, "seats", seats, SERVICES_GROUP);
    while (slot < count && seats[slot] != services_slot_of(demo, peer))
        slot++;
    return slot < count ? slot : SERVICES_GROUP;
}

bool services_look_dealt(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    unsigned generation = 0, confirmed = 0;
    const char *const words[] = { "put", services_socket(demo), demo_below(demo, "secret"), "0",
                                  NULL };
    switch (turn->phase) {
    case 0: secret.owner = services_hand(demo, "owner", words); return life_next(demo, turn);
    case 1:
        if (services_went_wrong(secret.owner, 0, turn)) return true;
        if (!secret.owner->ended) return false;
        if (!services_said(secret.owner, "put", rest) || sscanf(rest, " %64s", secret.id) != 1 ||
            services_numbers(rest, "confirmed", &confirmed, 1) != 1)
            return life_known(turn, false, "it was put, and nothing was said");
        return life_next(demo, turn);
    default:
        if (!is_everywhere(1, &generation)) return false;
        return life_known(turn, generation == 1,
                          "id %.12s, %d of %d, generation %u, kept by every slot of both clusters",
                          secret.id, SERVICES_THRESHOLD, SERVICES_GROUP, generation);
    }
}

static bool swap_enclave(struct demo *demo)
{
    const struct demo_peer *peer = &demo->peers[SERVICES_TAMPERED];
    if (!demo_peer_swap_enclave(demo, peer)) return false;
    life_excuse(SERVICES_TAMPERED);
    demo_report(demo, life_epoch(demo), peer->name, "tampered", "its enclave was swapped");
    return true;
}

bool services_look_tampered(struct demo *demo, struct life_turn *turn)
{
    const struct demo_member *member = life_seen(demo, SERVICES_TAMPERED);
    if (member == NULL) return false;
    if (turn->phase == 0) {
        secret.slot = slot_of(demo, SERVICES_TAMPERED);
        if (secret.slot == SERVICES_GROUP || strcmp(member->standing, "FULL") != 0) return false;
        if (!swap_enclave(demo)) return false;
        secret.swapped_ms = assay_monotonic_ms();
        return life_next(demo, turn);
    }
    if (strcmp(member->standing, "SUSPENDED") != 0) return false;
    return life_known(turn, true, "%s, score %u bp, %.1f s after the swap: %s", member->name,
                      (unsigned)member->score_bp,
                      (double)(assay_monotonic_ms() - secret.swapped_ms) / 1000, member->reason);
}

bool services_look_moved(struct demo *demo, struct life_turn *turn)
{
    const unsigned slot = slot_of(demo, SERVICES_SPARE);
    if (slot == SERVICES_GROUP || slot_of(demo, SERVICES_TAMPERED) != SERVICES_GROUP) return false;
    return life_known(turn, slot == secret.slot,
                      "slot %u of cluster 0: %s had it, %s has it, %.1f s after the swap", slot,
                      demo->peers[SERVICES_TAMPERED].name, demo->peers[SERVICES_SPARE].name,
                      (double)(assay_monotonic_ms() - secret.swapped_ms) / 1000);
}

bool services_look_renewed(struct demo *demo, struct life_turn *turn)
{
    unsigned generation = 0;
    (void)demo;
    if (!is_everywhere(2, &generation)) return false;
    return life_known(turn, true,
                      "generation %u kept by every slot of both clusters, %.1f s after "
                      "the swap",
                      generation, (double)(assay_monotonic_ms() - secret.swapped_ms) / 1000);
}

/* Returns: bytes that both files have; 0: they differ, or one is none. */
static size_t compare_files(struct demo *demo, const char *a, const char *b)
{
    uint8_t *one = NULL, *other = NULL;
    size_t len = 0, other_len = 0;
    const bool equal =
        assay_file_read(demo_below(demo, "%s", a), 1 << 16, &one, &len) == ASSAY_OK &&
        assay_file_read(demo_below(demo, "%s", b), 1 << 16, &other, &other_len) == ASSAY_OK &&
        len == other_len && assay_bytes_equal(one, other, len);
    free(one);
    free(other);
    return equal ? len : 0;
}

bool services_look_read(struct demo *demo, struct life_turn *turn)
{
    const char *const words[] = { "read", services_socket(demo), demo_below(demo, "secret"), NULL };
    if (turn->phase == 0) {
        secret.reader = services_hand(demo, "reader", words);
        return life_next(demo, turn);
    }
    if (services_went_wrong(secret.reader, 0, turn)) return true;
    if (!secret.reader->ended) return false;
    const size_t len = compare_files(demo, "secret/secret", "secret/read");
    return life_known(turn, len > 0, "%zu bytes, %s those that were dealt", len,
                      len > 0 ? "equal to" : "NOT");
}
