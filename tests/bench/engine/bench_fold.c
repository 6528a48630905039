/*
 * tests/bench/engine/bench_fold.c - a chain read again: epochs a second of the ledger fold, with
 * and without signatures, and what a store and a catch-up cost in bytes.
 *
 * A network under a virtual clock makes the chain, with real signatures; then the store of one node
 * is audited several times. Target: 2,000 epochs/s at 100 members without signatures.
 *
 * usage: bench_engine_fold [NODES [EPOCHS]]
 */
#include "engine/audit/audit.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/state/roster_digest.h"
#include "sim/world/world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct assay_sim_world *judged;
static struct assay_finding_record finding_items[256];
static struct assay_findings findings = { .items = finding_items, .count = 256 };

static const struct assay_finding_record *judge(void *context, const struct assay_ask *ask)
{
    struct assay_verdict verdict;
    (void)context;
    world_appraise(judged, ask->bytes, ask->kind, ask->at_unix_s, NULL, &verdict);
    return assay_findings_put(&findings, ask->digest, ask->at_unix_s, ask->before, &verdict);
}

static bool add_len(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    (void)key;
    *(uint64_t *)context += value.len;
    return true;
}

static uint64_t bytes_of(struct assay_store *store, enum assay_store_class class_)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    if (assay_store_scan(store, class_, &from, &to, false, add_len, &bytes) != ASSAY_OK) abort();
    return bytes;
}

static void read_again(const struct assay_sim_world *w, bool signatures,
                       unsigned times)
{
    struct assay_audit_figures figures = { 0 };
    struct assay_audit_fault fault;
    void *memory = aligned_alloc(64, assay_audit_memory_len());
    const struct assay_audit_config config = {
        .store = w->nodes[0].store,
        .genesis = w->genesis,
        .vet = { .finding = judge },
        .signatures = signatures,
        .memory = memory,
    };
    const double began = now_s();
    for (unsigned i = 0; i < times; i++) {
        if (assay_audit(&config, &figures, &fault) == ASSAY_OK) continue;
        fprintf(stderr, "the store does not hold: %s\n", fault.fault.what);
        exit(1);
    }
    const double took = now_s() - began;
    printf("  %-18s %8.0f epochs/s (%.0f us an epoch, %llu records each)\n",
           signatures ? "with signatures" : "fold alone", (double)figures.epochs * times / took,
           took * 1e6 / ((double)figures.epochs * times),
           (unsigned long long)(figures.records / figures.epochs));
    free(memory);
}

/* What a leap does for each epoch, with the voters of genesis: in a quiet network they stay. */
static void leap_over(const struct assay_sim_world *w, uint32_t nodes, uint64_t epochs)
{
    static uint8_t boundary[1 << 20], finality[ASSAY_FINALITY_LEN_MAX];
    static struct assay_roster_row rows[ASSAY_MEMBERS_MAX];
    struct assay_fold fold;
    void *memory = aligned_alloc(64, assay_fold_memory_len(nodes));
    uint64_t done = 0;
    if (assay_fold_init(&fold, memory, nodes, w->genesis, NULL) != ASSAY_OK) abort();
    for (uint32_t i = 0; i < nodes; i++)
        assay_roster_row_of(&fold.state.members[i], &rows[i]);
    const double began = now_s();
    for (uint64_t k = 0; k < 20 * epochs; k++) {
        const struct assay_store_key key = { .epoch = 1 + k % epochs };
        struct assay_store *store = w->nodes[0].store;
        struct assay_boundary b;
        uint8_t id[32], votes[32];
        size_t len = 0, proof_len = 0;
        if (assay_store_get(store, ASSAY_STORE_BOUNDARY, &key, boundary, sizeof boundary, &len) !=
                ASSAY_OK ||
            assay_store_get(store, ASSAY_STORE_FINALITY, &key, finality, sizeof finality,
                            &proof_len) != ASSAY_OK ||
            assay_boundary_decode(assay_slice_over(boundary, len), nodes, &b) != ASSAY_OK ||
            assay_finality_verify(assay_slice_over(finality, proof_len), b.header.chain_id, 0,
                                  key.epoch, &fold.voters, id, votes) != ASSAY_OK ||
            assay_boundary_apply(&b, rows, nodes) != ASSAY_OK)
            abort();
        done++;
    }
    const double took = now_s() - began;
    printf("  %-18s %8.0f epochs/s: a day of 1440 in %.1f s\n", "leaping", (double)done / took,
           took / (double)done * 1440);
    assay_fold_deinit(&fold);
    free(memory);
}

static int measure(uint32_t nodes, uint64_t epochs)
{
    const struct assay_sim_world_options options = { .seed = 1,
                                                     .nodes = nodes,
                                                     .epoch_ms = 60000,
                                                     .real_signatures = true,
                                                     .delay_min_ms = 5,
                                                     .delay_max_ms = 40 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    judged = w;
    if (!assay_sim_world_run_to_epoch(w, epochs, epochs * 10 * options.epoch_ms)) return 1;
    struct assay_store *store = w->nodes[0].store;
    const uint64_t closed = assay_sim_world_epoch(w, 0);
    const uint64_t blocks = bytes_of(store, ASSAY_STORE_BLOCK) / closed;
    const uint64_t proofs = bytes_of(store, ASSAY_STORE_FINALITY) / closed;
    const uint64_t boundaries = bytes_of(store, ASSAY_STORE_BOUNDARY) / closed;
    printf("fold: %u nodes, %llu epochs; an epoch: blocks %llu B, proof %llu B, boundary %llu B; a "
           "day of 1440: blocks %.1f MB, boundaries and proofs %.1f MB\n",
           nodes, (unsigned long long)closed, (unsigned long long)blocks,
           (unsigned long long)proofs, (unsigned long long)boundaries, (double)blocks * 1440 / 1e6,
           (double)(boundaries + proofs) * 1440 / 1e6);
    read_again(w, false, 40);
    read_again(w, true, 2);
    leap_over(w, nodes, closed);
    assay_sim_world_destroy(&w);
    return 0;
}

/* A snapshot of n members as after a while: counters of several digits, keys that are bytes. */
static size_t snapshot(uint32_t n, uint8_t *bytes, size_t capacity)
{
    static struct assay_genesis g;
    struct assay_state s;
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_block_header h = { .epoch = 100000,
                                    .view = 3,
                                    .height = 400000,
                                    .kind = ASSAY_BLOCK_EPOCH,
                                    .parent_view = 2,
                                    .time_ms = 1800000000000 };
    g.member_count = n;
    for (uint32_t i = 0; i < n; i++)
        g.members[i].node_id[0] = (uint8_t)(i >> 8), g.members[i].node_id[1] = (uint8_t)i;
    void *memory = calloc(1, assay_state_memory_len(n));
    void *scratch = malloc(assay_state_scratch_len(n));
    assay_state_init(&s, memory, n);
    assay_state_genesis(&s, &g);
    s.epoch = s.certified_epoch = 100000;
    s.past_count = ASSAY_RETAINED_EPOCHS;
    for (uint32_t i = 0; i < ASSAY_RETAINED_EPOCHS; i++)
        s.past[i] = (struct assay_past_epoch){ .epoch = 100000 - i,
                                               .t0_ms = 1800000000000,
                                               .base_id = { 1 },
                                               .has_roll = true,
                                               .roll_root = { 1 },
                                               .members = n };
    for (uint32_t i = 0; i < n; i++) {
        s.counters[i] = -123456;
        s.members[i].weight = i < ASSAY_VOTERS_MAX ? 10000 : 0;
        s.members[i].found.electorate_weight = s.members[i].found.pass_weight = 990000;
        s.members[i].pass_epoch = s.members[i].change_epoch = 100000;
    }
    assay_roster_digest(&s, s.roster_digest);
    assay_state_root(&s, scratch, assay_state_scratch_len(n), h.state_root);
    struct assay_writer hw = assay_writer_over(head, sizeof head);
    assay_block_header_encode(&h, &hw);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    if (assay_state_encode(&s, assay_slice_over(head, hw.len), scratch, assay_state_scratch_len(n),
                           &w) != ASSAY_OK)
        abort();
    free(memory);
    free(scratch);
    return w.len;
}

/* Sizes of proofs; the votes are as many as a quorum of equal weights needs. */
static int sizes(uint32_t n)
{
    enum { CAPACITY = 4 << 20 };
    static uint8_t finality[ASSAY_FINALITY_LEN_MAX], proof[ASSAY_PROOF_LEN_MAX];
    uint8_t *bytes = malloc(CAPACITY);
    uint8_t(*hashes)[32] = malloc(((size_t)n + 1) * 32);
    const size_t len = snapshot(n, bytes, CAPACITY);
    const uint32_t voters = n < ASSAY_VOTERS_MAX ? n : ASSAY_VOTERS_MAX;
    const size_t votes = (size_t)(2 * voters / 3 + 1) * 64 + (n + 7) / 8 + 140;
    const struct assay_slice state = assay_slice_over(bytes, len);
    const struct assay_slice none = { 0 };
    struct assay_writer w = assay_writer_over(proof, sizeof proof);
    if (assay_proof_make(state, none, none, n / 2, hashes, &w) != ASSAY_OK) return 1;
    const size_t bare = w.len;
    w = assay_writer_over(proof, sizeof proof);
    if (assay_proof_make(state, state, assay_slice_over(finality, votes), n / 2, hashes, &w) !=
        ASSAY_OK)
        return 1;
    printf("proof: %u members: %zu B, bare %zu B; snapshot %zu B\n", n, w.len, bare, len);
    free(bytes);
    free(hashes);
    return 0;
}

int main(int argc, char **argv)
{
    const uint32_t nodes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const uint64_t epochs = argc > 2 ? strtoull(argv[2], NULL, 10) : 6;
    if (nodes > ASSAY_SIM_WORLD_NODES_MAX) {
        fprintf(stderr, "at most %d nodes\n", ASSAY_SIM_WORLD_NODES_MAX);
        return 2;
    }
    if (nodes > 0) return measure(nodes, epochs);
    return sizes(7) + sizes(100) + sizes(1000) + measure(7, 20) + measure(100, epochs) > 0;
}
