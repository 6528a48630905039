/*
 * tests/bench/services/bench_rows.c - a group with 10,240 instances for a client that needs one
 * row: bytes received, verified and stored, with a proof of one row and with all pages, and the
 * cost of the root over the rows for the ledger.
 *
 * One process, no network. Addresses of rows have 19 bytes ("198.51.100.17:17201"), 64 members list
 * a replica. Sizes are those of the documents that are sent; memory is what each side stores.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "services/continuity/client.h"

#include "tests/support/stopwatch.h"

#include <stdlib.h>

enum { ROWS = ASSAY_CONT_INSTANCES_MAX, MEMBERS = 64, DOCUMENTS = ASSAY_CONT_DOCUMENTS_MAX };

struct bench {
    struct assay_cont_group group, read;
    struct assay_cont_instance_row rows[ROWS], read_rows[ROWS];
    struct assay_cont_row_tree tree;
    struct assay_cont_rows said;
    struct assay_cont_client client;
    struct assay_cont_outputs outs;
    uint32_t turn; /* another row each time */
    size_t len[DOCUMENTS];
    size_t proof_len, absent_len;
    uint8_t document[DOCUMENTS][ASSAY_CONT_DOCUMENT_LEN_MAX];
    uint8_t proof[ASSAY_CONT_ROW_PROOF_LEN_MAX];
};

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

static struct assay_cont_contact contact_of(uint32_t number, uint8_t kind)
{
    struct assay_cont_contact contact = { .address_len = 19 };
    assay_bytes_copy(contact.address, sizeof contact.address, "198.51.100.17:17201", 19);
    assay_sha256(&number, sizeof number, contact.curve);
    contact.curve[0] = kind;
    return contact;
}

static struct bench *make(void)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_cont_home home = { .group = 0 };
    ASSAY_ASSERT(b != NULL);
    assay_cont_group_init(&b->group, &home, 7, ROWS, b->rows);
    assay_cont_group_init(&b->read, &home, 7, ROWS, b->read_rows);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct assay_cont_facts facts;
        struct assay_cont_replica_record record = { .contact = contact_of(i, 1) };
        assay_sha256(&i, sizeof i, record.key);
        b->group.member[i].standing = ASSAY_CONT_STAND_FULL;
        ASSAY_ASSERT(assay_cont_group_apply_replica(&b->group, i, &record, &facts) ==
                     ASSAY_CONT_APPLIED);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        struct assay_cont_instance_row *row = &b->rows[i];
        *row = (struct assay_cont_instance_row){ .birth = { .era = 1, .epoch = 100000 + i },
                                                 .payer = i % MEMBERS,
                                                 .kept = true,
                                                 .session = (UINT64_C(1) << 40) + 1 + i % 100,
                                                 .contact = contact_of(i, 2),
                                                 .author = i % MEMBERS,
                                                 .epoch = 200000 + i,
                                                 .in_epoch = 1 };
        assay_sha256(&i, sizeof i, row->instance);
    }
    must(assay_cont_group_join(&b->group));
    ASSAY_ASSERT(b->group.instance_count == ROWS);
    return b;
}

/* --- a client with all rows */

static void write_head(void *context)
{
    struct bench *b = context;
    struct assay_writer w = assay_writer_over(b->document[0], sizeof b->document[0]);
    must(assay_cont_group_encode(&b->group, 0, &w));
    b->len[0] = w.len;
}

static void write_pages(void *context)
{
    struct bench *b = context;
    for (uint32_t i = 1; i < DOCUMENTS; i++) {
        struct assay_writer w = assay_writer_over(b->document[i], sizeof b->document[i]);
        must(assay_cont_group_encode(&b->group, i, &w));
        b->len[i] = w.len;
    }
}

static void grow(void *context)
{
    struct bench *b = context;
    assay_cont_row_tree_grow(&b->tree, &b->group);
}

static const uint8_t *next_name(struct bench *b)
{
    b->turn = (b->turn + 4099) % ROWS; /* a prime: every row comes */
    return b->rows[b->turn].instance;
}

static size_t prove(struct bench *b, const uint8_t *name)
{
    struct assay_writer w = assay_writer_over(b->proof, sizeof b->proof);
    must(assay_cont_row_prove(&b->tree, &b->group, name, &w));
    return w.len;
}

static void prove_one(void *context)
{
    struct bench *b = context;
    const size_t len = prove(b, next_name(b));
    if (len > b->proof_len) b->proof_len = len;
}

/* --- a client that needs one row */

static void hash_head(void *context)
{
    struct bench *b = context;
    uint8_t digest[32];
    assay_sha256(b->document[0], b->len[0], digest);
    must(assay_cont_rows_read(0, assay_slice_over(b->document[0], b->len[0]), &b->said));
}

/* A proof of each row in turn. */
static void verify_one(void *context)
{
    struct bench *b = context;
    struct assay_cont_row_proven proven;
    must(assay_cont_row_verify(&b->said, b->rows[b->turn].instance,
                               assay_slice_over(b->proof, b->proof_len), &proven));
    ASSAY_ASSERT(proven.has_row && proven.row.session == b->rows[b->turn].session);
}

static void be_told(void *context)
{
    struct bench *b = context;
    struct assay_cont_row_proven proven;
    must(assay_cont_client_row(&b->client, assay_slice_over(b->document[0], b->len[0]),
                               assay_slice_over(b->proof, b->proof_len), &proven, &b->outs));
    ASSAY_ASSERT(proven.has_row && proven.row.kept && b->client.phase == ASSAY_CONT_OPENING);
}

static void read_all(void *context)
{
    struct bench *b = context;
    uint8_t digest[32];
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        assay_sha256(b->document[i], b->len[i], digest);
        must(assay_cont_group_decode(&b->read, i, assay_slice_over(b->document[i], b->len[i])));
    }
    must(assay_cont_group_join(&b->read));
    ASSAY_ASSERT(b->read.instance_count == ROWS);
}

static void begin_client(struct bench *b)
{
    struct assay_cont_client_config config = { .session = b->rows[b->turn].session,
                                               .roster.count = 7 };
    const uint8_t nonce[32] = { 1 };
    assay_bytes_copy(config.instance, 32, b->rows[b->turn].instance, 32);
    assay_cont_client_init(&b->client, &config);
    assay_cont_client_open(&b->client, nonce, 0, &b->outs);
}

int main(void)
{
    struct bench *b = make();
    static const char maker[] = "the ledger", client[] = "a client";
    uint8_t nobody[32];
    printf("a group with %u instances, %u members listed\n", (unsigned)ROWS, (unsigned)MEMBERS);
    (void)stopwatch_best_us(maker, "head with its root, written", 5, write_head, b);
    (void)stopwatch_best_us(maker, "ten pages, written", 5, write_pages, b);
    (void)stopwatch_best_us(maker, "tree for proofs, grown", 5, grow, b);
    (void)stopwatch_best_us(maker, "proof of one row, made", 2000, prove_one, b);
    (void)stopwatch_best_us(client, "head hashed, its root read", 500, hash_head, b);
    b->proof_len = prove(b, b->rows[b->turn].instance);
    (void)stopwatch_best_us(client, "proof of one row, verified", 2000, verify_one, b);
    begin_client(b);
    (void)stopwatch_best_us(client, "an enclave told by its row", 500, be_told, b);
    (void)stopwatch_best_us(client, "all pages, hashed and read", 3, read_all, b);
    for (size_t i = 0; i < 32; i++)
        nobody[i] = 0x77;
    b->absent_len = prove(b, nobody);
    size_t pages = 0;
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        pages += b->len[i];
    const size_t one = b->len[0] + b->proof_len;
    printf("sent         by a proof: head %zu and proof %zu bytes (%zu for who has no row); all "
           "pages: %zu bytes, %.0f times as much\n",
           b->len[0], b->proof_len, b->absent_len, pages, (double)pages / (double)one);
    printf("memory       by a proof: %zu bytes of a client; by all pages: %zu; of who makes proofs "
           "the tree: %zu\n",
           sizeof(struct assay_cont_rows) + sizeof(struct assay_cont_row_proven) + one,
           sizeof b->read + sizeof b->read_rows, sizeof b->tree);
    ASSAY_ASSERT(b->proof_len <= 1024 && 20 * one < pages);
    free(b);
    return 0;
}
