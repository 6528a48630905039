/*
 * apps/daemon/effective_rules.c - rules and roster in force in the newest state of the store.
 */
#include "apps/daemon/node.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Verifier named in a ballot: voters with another verifier belong to another electorate. */
static const char verifier_name[] = "assay/verifier/" ASSAY_VERSION;

void daemon_close_effective_rules(struct daemon_effective_rules *effective)
{
    assay_rules_close(&effective->rules);
    free(effective->memory);
    free(effective->joining);
    free(effective->services);
    *effective = (struct daemon_effective_rules){ 0 };
}

void daemon_verifier_digest(uint8_t digest[static 32])
{
    assay_sha256(verifier_name, sizeof verifier_name - 1, digest);
}

static enum assay_status say_stranger(struct daemon_node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum assay_status say_stranger(struct daemon_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(node->message, sizeof node->message, format, args);
    va_end(args);
    return ASSAY_E_STRANGER;
}

/* docs/protocol.md 11.3.2: the voting key of a member that left signs no other history. A fresh set
 * takes its place, so that the folder stays one that can be read.
 * Returns: what to add to a message. */
static const char *destroy_voting_key(struct daemon_node *node, const struct assay_member *left)
{
    struct assay_keyring ring;
    const char *dir = node->config->keys_dir;
    if (daemon_load_keys(node, &ring) != ASSAY_OK) return "; its voting key cannot be read";
    enum assay_status status = ASSAY_OK;
    if (assay_bytes_equal(ring.current.voting_public, left->lives[0].voting_public,
                          ASSAY_P256_PUBLIC_LEN)) {
        const uint32_t number = assay_keyring_following_number(&ring);
        status = assay_keyring_make_next(dir, number, &ring);
        if (status == ASSAY_OK) status = assay_keyring_promote(dir, number, &ring);
    }
    assay_keyring_wipe(&ring);
    return status == ASSAY_OK ? "; its voting key was destroyed"
                              : "; its voting key could not be destroyed: remove incarnation.key";
}

/* Is this node's identity on the roster? Reports the remedy if not. A check writes nothing. */
static enum assay_status find_membership(struct daemon_node *node, const struct assay_state *state,
                                         bool is_check)
{
    const char *dir = node->config->keys_dir;
    if (state == NULL) return ASSAY_OK; /* or a newcomer: become_newcomer */
    const unsigned long long epoch = state->epoch + 1;
    if (assay_state_slot_of(state, node->node_id) < state->member_count) return ASSAY_OK;
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_bytes_equal(state->members[i].node_id, node->node_id, 32))
            return say_stranger(node,
                                "%.200s: this node left the network: it is no member since epoch "
                                "%llu%s. To come back it is joined by a change with keys of its "
                                "own making (assay keys generate), like a new one",
                                dir, (unsigned long long)state->members[i].stage_epoch,
                                is_check ? "" : destroy_voting_key(node, &state->members[i]));
    return say_stranger(node,
                        "%.200s: this node is no member in epoch %llu: a change that joins it must "
                        "be in force first (assay change list on a member's socket); with a newer "
                        "store, or after that epoch, start it again",
                        dir, epoch);
}

/* A place for it behind the members of the genesis, with its own keys, until it finds itself in a
 * roster (docs/protocol.md 9.6.3). Of operator, vendor and platform nothing is asked before that.
 */
static enum assay_status become_newcomer(struct daemon_node *node,
                                         struct daemon_effective_rules *effective)
{
    struct assay_keyring ring;
    const struct assay_genesis *g = node->genesis;
    if (g->member_count >= ASSAY_MEMBERS_MAX)
        return say_stranger(node,
                            "%.200s: this node is no member of %.120s, and there is no seat to "
                            "watch from: begin with an archive (assay store restore)",
                            node->config->keys_dir, node->config->genesis);
    effective->joining = malloc(sizeof *effective->joining);
    if (effective->joining == NULL) return daemon_say(node, "start", ASSAY_E_MEMORY);
    ASSAY_TRY(daemon_load_keys(node, &ring));
    *effective->joining = *g;
    struct assay_genesis_member *own = &effective->joining->members[g->member_count];
    *own = g->members[0];
    own->name = assay_slice_over("newcomer", sizeof "newcomer" - 1);
    assay_bytes_copy(own->node_id, 32, ring.node_id, 32);
    assay_bytes_copy(own->platform_id, 32, ring.node_id, 32);
    assay_bytes_copy(own->identity_public, 64, ring.identity_public, 64);
    assay_bytes_copy(own->bootstrap_public, 32, ring.bootstrap_public, 32);
    assay_bytes_copy(own->voting_public, 64, ring.current.voting_public, 64);
    assay_bytes_copy(own->transport_public, 32, ring.current.transport_public, 32);
    assay_keyring_wipe(&ring);
    effective->joining->member_count++;
    effective->effective.genesis = effective->joining;
    return ASSAY_OK;
}

/* The address of a node that is not yet a member is used once it is one. */
static void warn_of_peers(const struct daemon_node *node,
                          const struct assay_effective_rules *effective)
{
    for (uint32_t i = 0; i < node->config->peer_count; i++) {
        const uint8_t *id = node->config->peers[i].node_id;
        char hex[65], text[208];
        if (effective->state != NULL
                ? assay_state_slot_of(effective->state, id) < effective->state->member_count
                : daemon_is_in(effective->genesis, id))
            continue;
        assay_hex_encode(id, 32, hex, sizeof hex);
        (void)snprintf(text, sizeof text,
                       "peers[%u].node %.64s is no member of this network (yet): its address "
                       "waits until it is one",
                       (unsigned)i, hex);
        daemon_warn(text);
    }
}

/* Ballots of another verifier than the one that operators pinned count for nothing. */
static void warn_of_verifier(const struct assay_genesis *effective)
{
    const uint8_t *pinned = effective->parameters.verifier_digest;
    uint8_t own[32];
    char hex[65], text[208];
    daemon_verifier_digest(own);
    if (assay_bytes_all_zero(pinned, 32) || assay_bytes_equal(pinned, own, sizeof own)) return;
    assay_hex_encode(pinned, 32, hex, sizeof hex);
    (void)snprintf(text, sizeof text,
                   "the operators pinned verifier %.64s, and this build is another: its ballots do "
                   "not count",
                   hex);
    daemon_warn(text);
}

/* Before anything is signed by rules that this build does not know. */
static enum assay_status check_level(struct daemon_node *node,
                                     const struct assay_genesis *effective)
{
    const uint32_t level = effective->parameters.level;
    if (level <= DAEMON_FEATURE_LEVEL) return ASSAY_OK;
    return say_stranger(
        node,
        "feature level %u is in force, and this build supports %u at most: install a "
        "newer one, then start it again",
        (unsigned)level, (unsigned)DAEMON_FEATURE_LEVEL);
}

/* What records of services make: by the genesis' plan, or one that a change brought. */
static enum assay_status open_services(struct daemon_node *node,
                                       struct daemon_effective_rules *effective)
{
    const struct assay_genesis *g = effective->effective.genesis;
    if (g->services.len == 0) return ASSAY_OK;
    effective->services = calloc(1, sizeof *effective->services);
    if (effective->services == NULL) return daemon_say(node, "start", ASSAY_E_MEMORY);
    const bool is_genesis = assay_slice_equal(g->services, node->genesis->services);
    const enum assay_status status = assay_host_services_open(
        effective->services, g->chain_id, g->services,
        is_genesis ? node->genesis->parameters.level : ASSAY_LEVEL_MAX);
    if (status == ASSAY_E_EARLY)
        return say_stranger(node, "the genesis has a group key and a feature level below %d: it "
                                  "was made by no release",
                            (int)ASSAY_LEVEL_GROUP_KEY);
    if (status == ASSAY_E_UNSUPPORTED)
        return say_stranger(node, "this network has services, and this build has none "
                                  "(ASSAY_WITH_SERVICES=OFF): install one that has them, then "
                                  "start it again");
    return daemon_say(node, "the plan of services in force", status);
}

enum assay_status daemon_open_effective_rules(struct daemon_node *node, bool is_check,
                                              struct daemon_effective_rules *out)
{
    char message[ASSAY_RULES_MESSAGE];
    const size_t len = assay_host_rules_size();
    *out = (struct daemon_effective_rules){ .memory = aligned_alloc(64, len) };
    if (out->memory == NULL) return daemon_say(node, "start", ASSAY_E_MEMORY);
    enum assay_status status =
        assay_host_rules_load(out->memory, len, node->genesis, node->store, &out->effective);
    ASSAY_TRY(daemon_say(node, "the newest state in the store", status));
    ASSAY_TRY(find_membership(node, out->effective.state, is_check));
    ASSAY_TRY(check_level(node, out->effective.genesis));
    status = assay_rules_open(node->genesis, &out->effective, node->store, &out->rules, message);
    if (status != ASSAY_OK) (void)snprintf(node->message, sizeof node->message, "%s", message);
    if (status != ASSAY_OK) return status;
    if (out->effective.state == NULL && !daemon_is_in(node->genesis, node->node_id))
        ASSAY_TRY(become_newcomer(node, out));
    ASSAY_TRY(open_services(node, out));
    warn_of_peers(node, &out->effective);
    warn_of_verifier(out->effective.genesis);
    return ASSAY_OK;
}
