/*
 * host/row.c - proof of an instance's row from a checkpoint.
 */
#include "host/row.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/crypto.h"

enum { ITEMS = 6 };

static const char type[] = "assay/group/row-evidence/v1";

enum assay_status assay_row_evidence_encode(const struct assay_row_evidence *evidence,
                                            struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, ITEMS);
    assay_cbor_put_text(w, type);
    assay_cbor_put_uint(w, evidence->group);
    assay_cbor_put_bytes(w, evidence->instance, 32);
    assay_cbor_put_bytes(w, evidence->proof.bytes, evidence->proof.len);
    assay_cbor_put_bytes(w, evidence->head.bytes, evidence->head.len);
    assay_cbor_put_bytes(w, evidence->row.bytes, evidence->row.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_row_evidence_decode(struct assay_slice bytes,
                                            struct assay_row_evidence *evidence)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_row_evidence read = { 0 };
    uint64_t group = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, type));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &group));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, read.instance, 32));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_PROOF_LEN_MAX, &read.proof));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_ROW_HEAD_LEN_MAX, &read.head));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CONT_ROW_PROOF_LEN_MAX, &read.row));
    ASSAY_TRY(assay_cursor_end(&c));
    read.group = (uint32_t)group;
    *evidence = read;
    return ASSAY_OK;
}

enum assay_status assay_row_evidence_make(const struct assay_cont_group *group,
                                          const uint8_t instance[static 32],
                                          struct assay_slice proof,
                                          struct assay_cont_row_tree *tree, uint8_t *memory,
                                          struct assay_writer *w)
{
    struct assay_row_evidence evidence = { .group = group->home.group, .proof = proof };
    uint8_t row[ASSAY_CONT_ROW_PROOF_LEN_MAX];
    struct assay_writer head = assay_writer_over(memory, ASSAY_ROW_HEAD_LEN_MAX);
    struct assay_writer path = assay_writer_over(row, sizeof row);
    assay_bytes_copy(evidence.instance, 32, instance, 32);
    ASSAY_TRY(assay_cont_group_encode(group, 0, &head));
    ASSAY_TRY(assay_writer_finish(&head, &evidence.head));
    assay_cont_row_tree_grow(tree, group);
    ASSAY_TRY(assay_cont_row_prove(tree, group, instance, &path));
    ASSAY_TRY(assay_writer_finish(&path, &evidence.row));
    return assay_row_evidence_encode(&evidence, w);
}

enum assay_status assay_row_evidence_read(const struct assay_row_evidence *evidence,
                                          struct assay_cont_row_proven *row)
{
    struct assay_cont_rows rows;
    ASSAY_TRY(assay_cont_rows_read(evidence->group, evidence->head, &rows));
    return assay_cont_row_verify(&rows, evidence->instance, evidence->row, row);
}

static bool is_document(const struct assay_proven_state *network, struct assay_slice head)
{
    uint8_t digest[32];
    assay_sha256(head.bytes, head.len, digest);
    for (uint32_t i = 0; i < network->service_count; i++)
        if (assay_bytes_equal(network->services[i], digest, 32)) return true;
    return false;
}

enum assay_status assay_row_evidence_verify(const struct assay_row_evidence *evidence,
                                            const struct assay_checkpoint *checkpoint,
                                            enum assay_proof_answer *answer,
                                            struct assay_proven_state *network,
                                            struct assay_cont_row_proven *row)
{
    ASSAY_TRY(assay_proof_verify(evidence->proof, checkpoint, answer, network));
    if (*answer != ASSAY_PROVEN) return ASSAY_OK;
    if (!is_document(network, evidence->head)) return ASSAY_E_NOT_FOUND;
    return assay_row_evidence_read(evidence, row);
}
