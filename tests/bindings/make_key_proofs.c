/*
 * tests/bindings/make_key_proofs.c - key proofs of a simulated network (docs/identity.md 10), with
 * the private keys that they are about, for bindings and examples of TLS.
 *
 * usage: make_key_proofs FOLDER. Member 2 has the TLS keys "api" and "web" and the SSH key "login",
 * member 3 the TLS key "low" until it is suspended; "stranger" is declared by no member. Writes of
 * each key NAME.pem and NAME.spki, of the members 2.id and 3.id, and of the times before and after
 * the suspension, and after "web" is withdrawn (early, late, last), checkpoint.TIME, TIME.ms (Unix)
 * and MEMBER.TIME, the key proof.
 */
#include "base/file/file.h"
#include "engine/ledger/proofs/key_proof.h"
#include "tests/support/authority.h"
#include "tests/unit/engine/ledger/declared_bench.h"
#include "tests/unit/engine/ledger/proof_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = OWNER, SECOND = OWNER + 1, EPOCHS_MAX = 16 };

struct maker {
    const char *folder;
    struct assay_sim_world *w;
    struct workload_entry api, web, login, low;
    uint8_t lists[3][ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_slice both, few, low_list;
};

static void require(bool holds, const char *what)
{
    if (holds) return;
    (void)fprintf(stderr, "make_key_proofs: %s\n", what);
    exit(1);
}

static void write_file(const struct maker *m, const char *name, struct assay_slice bytes)
{
    char path[600];
    require(snprintf(path, sizeof path, "%s/%s", m->folder, name) < (int)sizeof path, "a path");
    require(assay_file_replace(path, ASSAY_FILE_PUBLIC, bytes) == ASSAY_OK, path);
}

/* A fresh key whose private half is kept in NAME.pem, with its proof for the member. */
static void make_entry(const struct maker *m, struct workload_entry *entry, const char *name,
                       enum assay_declared_purpose purpose, uint32_t slot)
{
    uint8_t room[ASSAY_DECLARED_KEY_STATEMENT_MAX];
    char file[600];
    struct assay_key public_key;
    struct assay_signature signature;
    size_t len = 0;
    struct assay_writer w = assay_writer_over(room, sizeof room);
    const struct assay_state *const state = state_of(m->w, 0);
    *entry = (struct workload_entry){ .key = { .purpose = purpose, .name = workload_text(name) } };
    (void)snprintf(file, sizeof file, "%s/%s.pem", m->folder, name);
    struct authority_key *pair = authority_key_keep(ASSAY_KEY_P256, file);
    authority_key_public(pair, &public_key);
    require(assay_key_spki(&public_key, entry->spki, sizeof entry->spki, &len) == ASSAY_OK, name);
    entry->key.spki = assay_slice_over(entry->spki, len);
    (void)snprintf(file, sizeof file, "%s.spki", name);
    write_file(m, file, entry->key.spki);
    require(assay_declared_key_statement(state->chain_id, state->members[slot].node_id, &entry->key,
                                         &w) == ASSAY_OK,
            name);
    authority_sign(pair, ASSAY_SIGNATURE_ECDSA_SHA256, room, w.len, &signature);
    assay_bytes_copy(entry->proof, 32, signature.bytes + 16, 32);
    assay_bytes_copy(entry->proof + 32, 32, signature.bytes + 64, 32);
    entry->key.proof = assay_slice_over(entry->proof, 64);
    authority_key_free(&pair);
}

static struct assay_slice encode_list(struct maker *m, uint32_t at,
                                      const struct assay_declared_key *keys, uint32_t count)
{
    struct assay_writer w = assay_writer_over(m->lists[at], sizeof m->lists[at]);
    require(assay_declared_keys_encode(keys, count, &w) == ASSAY_OK, "a list");
    return assay_slice_over(m->lists[at], w.len);
}

static void declare(struct maker *m, uint32_t slot, struct assay_slice list)
{
    require(assay_sim_world_declare(m->w, slot, list) == ASSAY_OK, "a declaration");
}

static void write_proof(const struct maker *m, const struct proof_states *states, uint32_t slot,
                        const char *time, struct assay_slice list, struct assay_slice declared)
{
    static uint8_t proof[PROOF_LEN], bytes[PROOF_LEN + 2 * ASSAY_DECLARED_KEYS_LEN_MAX + 64];
    char name[64];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_key_proof parts = {
        .proof = assay_slice_over(proof, proof_make(states, slot, false, proof)),
        .list = list,
        .declared = declared,
    };
    require(assay_proof_key_encode(&parts, &w) == ASSAY_OK, "a key proof");
    (void)snprintf(name, sizeof name, "%u.%s", slot, time);
    write_file(m, name, assay_slice_over(bytes, w.len));
}

/* The checkpoint of the epoch before, the time, and the proofs of both members. */
static void write_time(const struct maker *m, const char *time, struct assay_slice declared)
{
    struct proof_states states = { .now = NULL };
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    char name[64], text[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    proof_collect(m->w, 0, &states);
    require(assay_checkpoint_encode(&states.from, &w) == ASSAY_OK, "a checkpoint");
    (void)snprintf(name, sizeof name, "checkpoint.%s", time);
    write_file(m, name, assay_slice_over(bytes, w.len));
    (void)snprintf(name, sizeof name, "%s.ms", time);
    const int len =
        snprintf(text, sizeof text, "%llu\n", (unsigned long long)states.at.time_ms + 1000);
    write_file(m, name, assay_slice_over(text, (size_t)len));
    write_proof(m, &states, FIRST, time, m->both, declared);
    write_proof(m, &states, SECOND, time, m->low_list, (struct assay_slice){ 0 });
    proof_drop(&states);
}

static void write_members(const struct maker *m)
{
    for (uint32_t slot = FIRST; slot <= SECOND; slot++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%u.id", slot);
        write_file(m, name, assay_slice_over(state_of(m->w, 0)->members[slot].node_id, 32));
    }
}

static void make_keys(struct maker *m)
{
    struct workload_entry stranger;
    make_entry(m, &m->api, "api", ASSAY_PURPOSE_TLS, FIRST);
    make_entry(m, &m->web, "web", ASSAY_PURPOSE_TLS, FIRST);
    make_entry(m, &m->login, "login", ASSAY_PURPOSE_SSH, FIRST);
    make_entry(m, &m->low, "low", ASSAY_PURPOSE_TLS, SECOND);
    make_entry(m, &stranger, "stranger", ASSAY_PURPOSE_TLS, FIRST);
    const struct assay_declared_key both[] = { m->api.key, m->web.key, m->login.key };
    const struct assay_declared_key few[] = { m->api.key, m->login.key };
    m->both = encode_list(m, 0, both, 3);
    m->few = encode_list(m, 1, few, 2);
    m->low_list = encode_list(m, 2, &m->low.key, 1);
    assay_sim_world_acts(m->w, FIRST)->keys = m->both;
    assay_sim_world_acts(m->w, SECOND)->keys = m->low_list;
    declare(m, FIRST, m->both);
    declare(m, SECOND, m->low_list);
}

int main(int count, char **argument)
{
    static struct maker m;
    struct assay_sim_world_options options = declared_five;
    if (count != 2) return fprintf(stderr, "usage: make_key_proofs FOLDER\n"), 2;
    options.real_signatures = true;
    m.folder = argument[1];
    m.w = assay_sim_world_create(&options);
    require(assay_sim_world_run_to_epoch(m.w, 1, 8000), "epoch 1");
    make_keys(&m);
    write_members(&m);
    pass(m.w);
    pass(m.w);
    require(keys_of(m.w, FIRST) == ASSAY_KEYS_ACTIVE && keys_of(m.w, SECOND) == ASSAY_KEYS_ACTIVE,
            "the keys are not active");
    write_time(&m, "early", (struct assay_slice){ 0 });
    assay_sim_world_acts(m.w, SECOND)->tampered = true;
    for (uint32_t i = 0; i < EPOCHS_MAX && keys_of(m.w, SECOND) != ASSAY_KEYS_STANDING; i++)
        pass(m.w);
    require(keys_of(m.w, SECOND) == ASSAY_KEYS_STANDING, "the member is not suspended");
    write_time(&m, "late", (struct assay_slice){ 0 });
    declare(&m, FIRST, m.few);
    pass(m.w);
    require(keys_of(m.w, FIRST) == ASSAY_KEYS_ACTIVE, "the older list is not active");
    write_time(&m, "last", m.few);
    assay_sim_world_destroy(&m.w);
    return 0;
}
