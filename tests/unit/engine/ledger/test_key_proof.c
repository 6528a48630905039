/*
 * tests/unit/engine/ledger/test_key_proof.c - tests of proofs that a key is an active key of a
 * member, as a relying party without a certificate authority verifies them.
 *
 * Accepted is the key that a member of the checkpoint's network has and that the network certified
 * lately; nothing that a host, a stranger or a former member can show besides.
 */
#include "engine/evidence/prove.h"
#include "tests/unit/engine/ledger/declared_bench.h"
#include "tests/unit/engine/ledger/proof_bench.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/standing.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { AGE_S = 60, BYTES = PROOF_LEN + 2 * ASSAY_DECLARED_KEYS_LEN_MAX };

/* A network whose OWNER has keys "api" (TLS) and "login" (SSH), and a relying party. */
struct party {
    struct assay_sim_world *w;
    struct workload_entry api, login;
    uint8_t list_bytes[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_slice list;
    struct proof_states states;
    uint8_t checkpoint[ASSAY_CHECKPOINT_BYTES_MAX], proof[PROOF_LEN], bytes[BYTES];
    struct assay_key_proof parts;
    struct assay_key_request request;
    struct assay_standing_report report;
    enum assay_key_answer answer;
};

static struct assay_slice encode_keys(const struct assay_declared_key *keys, uint32_t count,
                                      uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_DECLARED_KEYS_LEN_MAX);
    cr_assert_eq(assay_declared_keys_encode(keys, count, &w), ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

static void trust_checkpoint(struct party *p, const struct assay_checkpoint *checkpoint)
{
    struct assay_writer w = assay_writer_over(p->checkpoint, sizeof p->checkpoint);
    cr_assert_eq(assay_checkpoint_encode(checkpoint, &w), ASSAY_OK);
    p->request.checkpoint = p->checkpoint;
    p->request.checkpoint_len = w.len;
}

/* The newest proof of a member, from the checkpoint of the epoch before. */
static void take_proof(struct party *p, uint32_t slot)
{
    proof_drop(&p->states);
    proof_collect(p->w, 0, &p->states);
    p->parts.proof = assay_slice_over(p->proof, proof_make(&p->states, slot, false, p->proof));
    trust_checkpoint(p, &p->states.from);
    p->request.now_ms = p->states.at.time_ms + 1000;
}

static struct party *open_party(void)
{
    struct party *p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    p->w = assay_sim_world_create(&declared_five);
    cr_assert(assay_sim_world_run_to_epoch(p->w, 1, 8000));
    const struct assay_state *state = state_of(p->w, 0);
    const uint8_t *const node_id = state->members[OWNER].node_id;
    workload_entry_make(&p->api, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "api", NULL, state->chain_id,
                        node_id);
    workload_entry_make(&p->login, WORKLOAD_P256, ASSAY_PURPOSE_SSH, "login", NULL, state->chain_id,
                        node_id);
    const struct assay_declared_key keys[] = { p->api.key, p->login.key };
    p->list = encode_keys(keys, 2, p->list_bytes);
    assay_sim_world_acts(p->w, OWNER)->keys = p->list;
    cr_assert_eq(assay_sim_world_declare(p->w, OWNER, p->list), ASSAY_OK);
    pass(p->w);
    pass(p->w);
    cr_assert_eq(keys_of(p->w, OWNER), ASSAY_KEYS_ACTIVE);
    p->parts.list = p->list;
    p->request = (struct assay_key_request){ .size = sizeof p->request,
                                             .key = p->api.key.spki.bytes,
                                             .key_len = p->api.key.spki.len,
                                             .standing_worst = ASSAY_STANDING_WARNING,
                                             .max_age_s = AGE_S };
    take_proof(p, OWNER);
    return p;
}

static void close_party(struct party *p)
{
    proof_drop(&p->states);
    assay_sim_world_destroy(&p->w);
    free(p);
}

/* In memory that is no longer than the bytes. */
static enum assay_status verify_bytes(struct party *p, size_t len)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, p->bytes, len);
    p->request.proof = exact;
    p->request.proof_len = len;
    p->report.size = sizeof p->report;
    p->answer = ASSAY_KEY_ACTIVE;
    const enum assay_status status = assay_standing_verify_key(&p->request, &p->report, &p->answer);
    cr_assert(status == ASSAY_OK || p->answer == ASSAY_KEY_NOT_READ);
    free(exact);
    return status;
}

static size_t encode(struct party *p)
{
    struct assay_writer w = assay_writer_over(p->bytes, sizeof p->bytes);
    cr_assert_eq(assay_proof_key_encode(&p->parts, &w), ASSAY_OK);
    return w.len;
}

static enum assay_key_answer verify(struct party *p)
{
    cr_assert_eq(verify_bytes(p, encode(p)), ASSAY_OK);
    return p->answer;
}

#define EXPECT(p, expected)                                                                        \
    cr_expect_eq(verify(p), ASSAY_KEY_##expected, "%s; %s", assay_describe_key((p)->answer),       \
                 assay_describe_answer((p)->report.answer))

Test(key_proof, the_key_of_a_member_is_accepted_from_a_checkpoint, .timeout = 600)
{
    struct party *p = open_party();
    const struct assay_member *owner = &state_of(p->w, 0)->members[OWNER];
    EXPECT(p, ACTIVE);
    cr_expect_arr_eq(p->report.node_id, owner->node_id, 32);
    cr_expect_eq(p->report.standing, ASSAY_STANDING_FULL);
    cr_expect_gt(p->report.checkpoint_len, 0);
    p->request.node_id = owner->node_id;
    p->request.name = "api";
    p->request.standing_worst = ASSAY_STANDING_FULL;
    EXPECT(p, ACTIVE);
    p->request.name = "ap";
    EXPECT(p, OTHER_NAME);
    p->request.name = NULL;
    p->request.node_id = state_of(p->w, 0)->members[0].node_id;
    EXPECT(p, OTHER_MEMBER);
    close_party(p);
}

Test(key_proof, a_key_that_was_not_certified_is_refused, .timeout = 600)
{
    struct party *p = open_party();
    struct list stranger;
    uint8_t changed[ASSAY_DECLARED_KEY_SPKI_MAX];
    make_list(p->w, &stranger, "api", OWNER); /* proven by its key, and never declared */
    assay_bytes_copy(changed, sizeof changed, p->api.spki, p->api.key.spki.len);
    changed[p->api.key.spki.len - 1] ^= 1;
    p->request.key = changed;
    EXPECT(p, NOT_LISTED);
    p->request.key = stranger.entry.key.spki.bytes;
    EXPECT(p, NOT_LISTED);
    p->parts.list = stranger.slice;
    EXPECT(p, OTHER_LIST);
    p->parts.list = assay_slice_over(p->list.bytes, 0);
    EXPECT(p, OTHER_LIST);
    p->parts.list = p->list;
    /* of SSH, which a host of the member may use for something else */
    p->request.key = p->login.key.spki.bytes;
    p->request.key_len = p->login.key.spki.len;
    EXPECT(p, OTHER_USE);
    /* the list of one member under the proof of another */
    p->request.key = p->api.key.spki.bytes;
    p->request.key_len = p->api.key.spki.len;
    take_proof(p, OWNER + 1);
    EXPECT(p, UNBOUND);
    close_party(p);
}

/* docs/protocol.md 2.16.6: a key that the newest declared list lacks is not active. */
Test(key_proof, a_key_that_was_withdrawn_is_refused, .timeout = 600)
{
    struct party *p = open_party();
    uint8_t fewer[ASSAY_DECLARED_KEYS_LEN_MAX], same[ASSAY_DECLARED_KEYS_LEN_MAX];
    const struct assay_slice without = encode_keys(&p->login.key, 1, fewer);
    const struct assay_slice with = encode_keys(&p->api.key, 1, same);
    cr_assert_eq(assay_sim_world_declare(p->w, OWNER, without), ASSAY_OK);
    pass(p->w);
    cr_assert_eq(keys_of(p->w, OWNER), ASSAY_KEYS_ACTIVE, "of the list before");
    take_proof(p, OWNER);
    p->parts.declared = without;
    EXPECT(p, WITHDRAWN);
    p->parts.declared = (struct assay_slice){ NULL, 0 };
    EXPECT(p, OTHER_LIST);
    p->parts.declared = p->list;
    EXPECT(p, OTHER_LIST);
    close_party(p);
    p = open_party();
    cr_assert_eq(assay_sim_world_declare(p->w, OWNER, encode_keys(&p->api.key, 1, same)), ASSAY_OK);
    pass(p->w);
    take_proof(p, OWNER);
    p->parts.declared = assay_slice_over(same, with.len);
    EXPECT(p, ACTIVE);
    close_party(p);
}

/* One of its names was withdrawn, whichever is first in the list. */
Test(key_proof, a_key_with_two_names_counts_by_those_that_both_lists_have)
{
    static const uint8_t chain[32], node[32];
    static struct assay_proven_state proven;
    struct workload_entry entry;
    uint8_t two[ASSAY_DECLARED_KEYS_LEN_MAX], one[ASSAY_DECLARED_KEYS_LEN_MAX], root[32];
    struct assay_declared_keys decoded;
    workload_entry_make(&entry, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "api", NULL, chain, node);
    struct assay_declared_key both[] = { entry.key, entry.key };
    both[1].name = workload_text("web");
    const struct assay_key_proof proof = { .list = encode_keys(both, 2, two),
                                           .declared = encode_keys(&both[1], 1, one) };
    struct assay_declaration *const d = &proven.member.declaration;
    proven.next.epoch = proven.member.pass_epoch = 10;
    cr_assert_eq(assay_declared_keys_decode(proof.list, &decoded), ASSAY_OK);
    assay_declared_keys_root(&decoded, root);
    assay_declaration_set(d, 5, root);
    const struct assay_declaration_close close = { .epoch = 10,
                                                   .certified_pass = true,
                                                   .bound = true };
    assay_declaration_on_close(d, &close);
    cr_assert_eq(assay_declared_keys_decode(proof.declared, &decoded), ASSAY_OK);
    assay_declared_keys_root(&decoded, root);
    assay_declaration_set(d, 11, root);
    struct assay_key_terms terms = { .spki = entry.key.spki,
                                     .standing_worst = ASSAY_STANDING_WARNING };
    cr_expect_eq(assay_proof_key_check(&proven, &proof, &terms), ASSAY_KEY_ACTIVE);
    terms.name = both[1].name;
    cr_expect_eq(assay_proof_key_check(&proven, &proof, &terms), ASSAY_KEY_ACTIVE);
    terms.name = both[0].name;
    cr_expect_eq(assay_proof_key_check(&proven, &proof, &terms), ASSAY_KEY_WITHDRAWN);
}

Test(key_proof, a_proof_of_elsewhere_or_of_before_is_refused, .timeout = 600)
{
    struct party *p = open_party();
    struct assay_checkpoint other = p->states.from;
    const uint64_t now_ms = p->request.now_ms;
    const struct {
        uint64_t now_ms;
        enum assay_key_answer answer;
        enum assay_proof_answer why;
    } table[] = {
        { now_ms - 1000 + UINT64_C(1000) * AGE_S - 1, ASSAY_KEY_ACTIVE, ASSAY_PROVEN },
        { now_ms - 1000 + UINT64_C(1000) * AGE_S, ASSAY_KEY_OTHER_PROOF, ASSAY_PROOF_TOO_OLD },
        { 0, ASSAY_KEY_OTHER_PROOF, ASSAY_PROOF_AGE_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        p->request.now_ms = table[i].now_ms;
        cr_expect_eq(verify(p), table[i].answer, "%zu: %s", i, assay_describe_key(p->answer));
        cr_expect_eq(p->report.answer, table[i].why, "%zu", i);
    }
    p->request.now_ms = now_ms;
    other.chain_id[0] ^= 1;
    trust_checkpoint(p, &other);
    EXPECT(p, OTHER_PROOF);
    cr_expect_eq(p->report.answer, ASSAY_PROOF_OTHER_CHAIN);
    /* A later checkpoint: what was proven before counts no longer. */
    pass(p->w);
    struct proof_states later = { 0 };
    proof_collect(p->w, 0, &later);
    trust_checkpoint(p, &later.at);
    EXPECT(p, OTHER_PROOF);
    cr_expect_eq(p->report.answer, ASSAY_PROOF_OLDER);
    proof_drop(&later);
    close_party(p);
}

Test(key_proof, keys_end_with_the_standing_of_their_member, .timeout = 600)
{
    struct party *p = open_party();
    uint32_t ended = 0;
    for (uint32_t i = 0; i < 12; i++) {
        if (i == 2) assay_sim_world_acts(p->w, OWNER)->tampered = true;
        pass(p->w);
        take_proof(p, OWNER);
        const bool is_active = keys_of(p->w, OWNER) == ASSAY_KEYS_ACTIVE;
        cr_expect_eq(verify(p) == ASSAY_KEY_ACTIVE, is_active, "%s", assay_describe_key(p->answer));
        if (!is_active) ended++;
    }
    cr_expect_geq(ended, 6, "a tampered member has no keys for long");
    close_party(p);
}

Test(key_proof, no_byte_of_it_can_be_another, .timeout = 600)
{
    struct party *p = open_party();
    const size_t len = encode(p);
    for (size_t i = 0; i < len; i++) {
        p->bytes[i] ^= (uint8_t)(1u << i % 8);
        cr_expect(verify_bytes(p, len) != ASSAY_OK || p->answer != ASSAY_KEY_ACTIVE, "byte %zu", i);
        p->bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t i = 0; i < len; i += 7)
        cr_expect_neq(verify_bytes(p, i), ASSAY_OK, "cut at %zu", i);
    p->bytes[len] = 0;
    cr_expect_eq(verify_bytes(p, len + 1), ASSAY_E_TRAILING);
    cr_expect_eq(verify_bytes(p, len), ASSAY_OK);
    cr_expect_eq(p->answer, ASSAY_KEY_ACTIVE);
    close_party(p);
}

Test(key_proof, misuse_is_an_error, .timeout = 600)
{
    struct party *p = open_party();
    const struct assay_key_request good = p->request;
    const size_t len = encode(p);
    struct {
        struct assay_key_request known;
        uint64_t unknown;
    } longer = { .unknown = 1 };
#define REFUSED(member, value, status)                                                             \
    do {                                                                                           \
        p->request = good;                                                                         \
        p->request.member = value;                                                                 \
        cr_expect_eq(verify_bytes(p, len), status, #member);                                       \
    } while (0)
    REFUSED(size, sizeof p->request - 1, ASSAY_E_INVALID);
    REFUSED(checkpoint, NULL, ASSAY_E_INVALID);
    REFUSED(checkpoint_len, 3, ASSAY_E_TRUNCATED);
    REFUSED(key, NULL, ASSAY_E_INVALID);
    REFUSED(key_len, 0, ASSAY_E_INVALID);
    REFUSED(name, "", ASSAY_E_INVALID); /* a name that was forgotten is not any name */
    REFUSED(max_age_s, 0, ASSAY_E_RANGE);
    REFUSED(max_age_s, UINT32_MAX, ASSAY_E_RANGE);
    REFUSED(standing_worst, ASSAY_STANDING_RESTRICTED, ASSAY_E_RANGE);
    p->request = good;
    cr_expect_eq(assay_standing_verify_key(NULL, &p->report, &p->answer), ASSAY_E_INVALID);
    cr_expect_eq(assay_standing_verify_key(&p->request, NULL, &p->answer), ASSAY_E_INVALID);
    cr_expect_eq(assay_standing_verify_key(&p->request, &p->report, NULL), ASSAY_E_INVALID);
    longer.known = good;
    longer.known.size = sizeof longer;
    longer.known.proof = p->bytes;
    longer.known.proof_len = len;
    cr_expect_eq(assay_standing_verify_key(&longer.known, &p->report, &p->answer),
                 ASSAY_E_UNSUPPORTED);
    longer.unknown = 0;
    cr_expect_eq(assay_standing_verify_key(&longer.known, &p->report, &p->answer), ASSAY_OK);
    cr_expect_eq(p->answer, ASSAY_KEY_ACTIVE);
    for (int i = 0; i <= ASSAY_KEY_WITHDRAWN; i++)
        cr_expect_str_neq(assay_describe_key((enum assay_key_answer)i), "unknown");
    close_party(p);
}

/* --- what a node makes of its store */

static struct assay_prove_keys_room room;

/* The key proof of a member into p->bytes, and its checkpoint. Out: *len: of the proof.
 * Returns: the answer */
static enum assay_prove_keys_answer make(struct party *p, uint32_t node, uint32_t slot, size_t *len)
{
    struct assay_prove prove;
    struct assay_store *const store = p->w->nodes[node].store;
    void *memory = aligned_alloc(16, (assay_prove_memory_len(NODES) + 15) & ~(size_t)15);
    struct assay_writer w = assay_writer_over(p->bytes, sizeof p->bytes);
    enum assay_prove_keys_answer answer = ASSAY_PROVE_KEYS_NONE;
    cr_assert_not_null(memory);
    cr_assert_eq(assay_prove_open(&prove, store, memory, NODES), ASSAY_OK);
    cr_assert_eq(assay_prove_keys(&prove, store, state_of(p->w, node)->members[slot].node_id, &room,
                                  &answer, &w),
                 ASSAY_OK);
    cr_expect_eq(w.len > 0, answer == ASSAY_PROVE_KEYS_MADE);
    free(memory);
    proof_drop(&p->states);
    proof_collect(p->w, node, &p->states);
    trust_checkpoint(p, &p->states.from);
    p->request.now_ms = p->states.at.time_ms + 1000;
    *len = w.len;
    return answer;
}

static void expect_made(struct party *p, enum assay_key_answer expected, const char *when)
{
    size_t len = 0;
    cr_assert_eq(make(p, 0, OWNER, &len), ASSAY_PROVE_KEYS_MADE, "%s", when);
    cr_assert_eq(verify_bytes(p, len), ASSAY_OK, "%s", when);
    cr_expect_eq(p->answer, expected, "%s: %s", when, assay_describe_key(p->answer));
}

Test(key_proof, a_node_makes_the_proof_of_any_member_with_keys, .timeout = 600)
{
    struct party *p = open_party();
    struct assay_key_proof parts;
    size_t len = 0;
    expect_made(p, ASSAY_KEY_ACTIVE, "one list");
    cr_expect_eq(make(p, 0, OWNER + 1, &len), ASSAY_PROVE_KEYS_NONE);
    cr_expect_eq(make(p, OWNER + 1, OWNER, &len), ASSAY_PROVE_KEYS_MADE, "by any node");
    cr_assert_eq(assay_proof_key_decode(assay_slice_over(p->bytes, len), &parts), ASSAY_OK);
    cr_expect_eq(parts.declared.len, 0, "the same list is there once");
    close_party(p);
}

/* Also where the newest declared list is another one, or that of no keys, which no store has. */
Test(key_proof, a_made_proof_has_the_newest_declared_list, .timeout = 600)
{
    static const uint8_t no_keys[] = { 0x80 };
    uint8_t fewer[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct party *p = open_party();
    cr_assert_eq(assay_sim_world_declare(p->w, OWNER, encode_keys(&p->api.key, 1, fewer)),
                 ASSAY_OK);
    pass(p->w);
    expect_made(p, ASSAY_KEY_ACTIVE, "both lists have it");
    p->request.key = p->login.key.spki.bytes;
    p->request.key_len = p->login.key.spki.len;
    expect_made(p, ASSAY_KEY_OTHER_USE, "one list has it");
    close_party(p);
    p = open_party();
    cr_assert_eq(assay_sim_world_declare(p->w, OWNER, assay_slice_over(no_keys, sizeof no_keys)),
                 ASSAY_OK);
    pass(p->w);
    expect_made(p, ASSAY_KEY_WITHDRAWN, "no keys");
    close_party(p);
}

/* A proof with a list that is not there would be refused as forged. */
Test(key_proof, a_node_that_lacks_a_list_makes_no_proof, .timeout = 600)
{
    struct party *p = open_party();
    size_t len = 0;
    forget_lists(p->w, 0);
    cr_expect_eq(make(p, 0, OWNER, &len), ASSAY_PROVE_KEYS_MISSING);
    cr_expect_eq(make(p, 1, OWNER, &len), ASSAY_PROVE_KEYS_MADE);
    close_party(p);
}

/* Nothing is hidden by the node: a relying party gets the proof that refuses the key. */
Test(key_proof, a_made_proof_of_a_suspended_member_says_so, .timeout = 600)
{
    struct party *p = open_party();
    size_t len = 0;
    assay_sim_world_acts(p->w, OWNER)->tampered = true;
    for (uint32_t i = 0; i < 12 && keys_of(p->w, OWNER) != ASSAY_KEYS_STANDING; i++)
        pass(p->w);
    cr_assert_eq(keys_of(p->w, OWNER), ASSAY_KEYS_STANDING);
    cr_assert_eq(make(p, 0, OWNER, &len), ASSAY_PROVE_KEYS_MADE);
    cr_assert_eq(verify_bytes(p, len), ASSAY_OK);
    cr_expect_eq(p->answer, ASSAY_KEY_LOW_STANDING, "%s", assay_describe_key(p->answer));
    cr_expect_gt(p->report.standing, ASSAY_STANDING_WARNING);
    close_party(p);
}

/* A writer that is too short, a member of another network, an epoch without votes. */
Test(key_proof, what_cannot_be_made_is_an_error, .timeout = 600)
{
    static const uint8_t stranger[32] = { 1 };
    struct party *p = open_party();
    struct assay_prove prove;
    struct assay_store *const store = p->w->nodes[0].store;
    const uint8_t *const owner = state_of(p->w, 0)->members[OWNER].node_id;
    enum assay_prove_keys_answer answer = ASSAY_PROVE_KEYS_NONE;
    uint8_t bytes[100];
    struct assay_writer small = assay_writer_over(bytes, sizeof bytes);
    struct assay_writer w = assay_writer_over(p->bytes, sizeof p->bytes);
    void *memory = aligned_alloc(16, (assay_prove_memory_len(NODES) + 15) & ~(size_t)15);
    cr_assert_not_null(memory);
    cr_assert_eq(assay_prove_open(&prove, store, memory, NODES), ASSAY_OK);
    cr_expect_eq(assay_prove_keys(&prove, store, stranger, &room, &answer, &w), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_prove_keys(&prove, store, owner, &room, &answer, &small), ASSAY_E_FULL);
    prove.before = (struct assay_slice){ NULL, 0 };
    cr_expect_eq(assay_prove_keys(&prove, store, owner, &room, &answer, &w), ASSAY_E_EARLY);
    cr_expect_eq(w.len, 0);
    free(memory);
    close_party(p);
}
