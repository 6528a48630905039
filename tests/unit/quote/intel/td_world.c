/*
 * tests/unit/quote/intel/td_world.c - TDX vendor for tests (td_world.h).
 */
#include "tests/unit/quote/intel/td_world.h"

#include "base/rfc3339.h"
#include "quote/kinds.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char text[16384];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int used = vsnprintf(t->text + t->len, sizeof t->text - t->len, format, args);
    va_end(args);
    cr_assert(used >= 0 && (size_t)used < sizeof t->text - t->len);
    t->len += (size_t)used;
}

static void put_hex(struct text *t, const char *name, const uint8_t *bytes, size_t len)
{
    put(t, "\"%s\":\"", name);
    for (size_t i = 0; i < len; i++)
        put(t, "%02X", bytes[i]);
    put(t, "\"");
}

static void put_head(struct text *t, const struct td_world *td, const char *id, unsigned version)
{
    char from[ASSAY_RFC3339_LEN + 1], to[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(td->world->terms.issue_unix_s, from);
    assay_rfc3339_format(td->world->terms.next_unix_s, to);
    put(t, "{\"id\":\"%s\",\"version\":%u,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",", id, version,
        from, to);
    put(t, "\"tcbEvaluationDataNumber\":%u,", td->world->terms.evaluation_number);
}

static void put_status(struct text *t, int64_t date_unix_s, enum assay_tcb_status status,
                       const char *advisory)
{
    char date[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(date_unix_s, date);
    put(t, "\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", date, assay_tcb_status_text(status));
    if (advisory != NULL) put(t, ",\"advisoryIDs\":[\"%s\"]", advisory);
    put(t, "}");
}

static void put_components(struct text *t, const char *name, const uint8_t *svn, unsigned count)
{
    put(t, "\"%s\":[", name);
    for (unsigned i = 0; i < count; i++)
        put(t, "%s{\"svn\":%u}", i == 0 ? "" : ",", svn[i]);
    put(t, "],");
}

static void put_isv_levels(struct text *t, const struct td_isv_level *levels, size_t count)
{
    put(t, "\"tcbLevels\":[");
    for (size_t i = 0; i < count; i++) {
        put(t, "%s{\"tcb\":{\"isvsvn\":%u},", i == 0 ? "" : ",", levels[i].isvsvn);
        put_status(t, levels[i].date_unix_s, levels[i].status, levels[i].advisory);
    }
    put(t, "]}");
}

static void put_module_identity(struct text *t, const uint8_t *mrsigner)
{
    put_hex(t, "mrsigner", mrsigner, 48);
    put(t, ",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"");
}

static void put_tcb_info(struct text *t, const struct td_world *td)
{
    const struct td_terms *const terms = &td->terms;
    put_head(t, td, terms->id, 3);
    put_hex(t, "fmspc", td->world->ca.fmspc, 6);
    put(t, ",\"pceId\":\"0000\",\"tcbType\":0,");
    if (terms->has_default_module) {
        put(t, "\"tdxModule\":{");
        put_module_identity(t, terms->default_mrsigner);
        put(t, "},");
    }
    put(t, "\"tdxModuleIdentities\":[");
    for (size_t i = 0; i < terms->module_count; i++) {
        const struct td_module *const module = &terms->modules[i];
        put(t, "%s{\"id\":\"TDX_%02X\",", i == 0 ? "" : ",", module->version);
        put_module_identity(t, module->mrsigner);
        put(t, ",");
        put_isv_levels(t, module->levels, module->level_count);
    }
    put(t, "],\"tcbLevels\":[");
    for (size_t i = 0; i < terms->level_count; i++) {
        const struct td_level *const level = &terms->levels[i];
        put(t, "%s{\"tcb\":{", i == 0 ? "" : ",");
        put_components(t, "sgxtcbcomponents", level->sgx, terms->sgx_components);
        put_components(t, "tdxtcbcomponents", level->tdx, terms->tdx_components);
        put(t, "\"pcesvn\":%u},", level->pcesvn);
        put_status(t, level->date_unix_s, level->status, level->advisory);
    }
    put(t, "]}");
}

/* What the SOFT maker says of its quoting enclave, with our levels. */
static void put_qe_identity(struct text *t, const struct td_world *td)
{
    char body[ASSAY_SOFT_JSON_MAX];
    put_head(t, td, td->terms.qe_id, 2);
    world_body(td->world, ASSAY_PART_QE_IDENTITY, body, sizeof body);
    const char *const from = strstr(body, "\"miscselect\"");
    const char *const to = strstr(body, "\"tcbLevels\"");
    cr_assert(from != NULL && to != NULL && from < to);
    put(t, "%.*s", (int)(to - from), from);
    put_isv_levels(t, td->terms.qe_levels, td->terms.qe_level_count);
}

void td_publish(struct td_world *t)
{
    struct text *const text = calloc(2, sizeof *text);
    cr_assert_not_null(text);
    world_publish(t->world); /* CRLs and chains, and the QE's identity as a model */
    put_tcb_info(&text[0], t);
    put_qe_identity(&text[1], t);
    world_sign(t->world, ASSAY_PART_TCB_INFO, text[0].text);
    world_sign(t->world, ASSAY_PART_QE_IDENTITY, text[1].text);
    free(text);
}

static void put_report_15_ex(struct assay_writer *w, const struct assay_td_report *td)
{
    assay_writer_put(w, &td->vm_id, 1);
    assay_writer_put(w, td->td_id, 32);
    assay_writer_put(w, td->device_info, 48);
    assay_writer_put(w, td->init_service_td_hash, 48);
    assay_writer_put(w, td->init_service_td_attributes, 8);
    assay_writer_put(w, td->init_cpusvn, 16);
    assay_writer_put(w, td->init_tee_tcb_svn, 16);
    assay_writer_put(w, td->init_tee_fmspc, 12);
    assay_writer_put(w, td->current_service_td_hash, 48);
    assay_writer_put(w, td->current_service_td_attributes, 8);
}

static void put_report(struct assay_writer *w, enum assay_body_type type,
                       const struct assay_td_report *td)
{
    assay_writer_put(w, td->tee_tcb_svn, 16);
    assay_writer_put(w, td->mrseam, 48);
    assay_writer_put(w, td->mrsignerseam, 48);
    assay_writer_put(w, td->seam_attributes, 8);
    assay_writer_put(w, td->td_attributes, 8);
    assay_writer_put(w, td->xfam, 8);
    assay_writer_put(w, td->mrtd, 48);
    assay_writer_put(w, td->mrconfigid, 48);
    assay_writer_put(w, td->mrowner, 48);
    assay_writer_put(w, td->mrownerconfig, 48);
    for (size_t i = 0; i < 4; i++)
        assay_writer_put(w, td->rtmr[i], 48);
    assay_writer_put(w, td->report_data, 64);
    if (type >= ASSAY_BODY_TD_15) {
        assay_writer_put(w, td->tee_tcb_svn2, 16);
        assay_writer_put(w, td->mrservicetd, 48);
    }
    if (type >= ASSAY_BODY_TD_15_EX) put_report_15_ex(w, td);
}

size_t td_signed_len(const struct td_world *t)
{
    const size_t descriptor = t->version >= 5 ? ASSAY_QUOTE_DESCRIPTOR_LEN : 0;
    return ASSAY_QUOTE_HEADER_LEN + descriptor + assay_intel_body_len(t->body_type);
}

void td_quote(struct td_world *t)
{
    if (!t->is_updated) assay_bytes_copy(t->td.tee_tcb_svn2, 16, t->td.tee_tcb_svn, 16);
    const struct assay_soft_node *const node = &t->world->node;
    uint8_t digest[32], signature[64];
    const size_t inner =
        sizeof node->qe_report + 64 + 2 + ASSAY_SOFT_AUTH_LEN + 6 + t->cert_data.len;
    struct assay_slice written;
    struct assay_writer w = assay_writer_over(t->quote, sizeof t->quote);
    assay_writer_u16le(&w, t->version);
    assay_writer_u16le(&w, 2);
    assay_writer_u32le(&w, t->tee_type);
    assay_writer_u32le(&w, 0);
    assay_writer_put(&w, t->vendor, 16);
    assay_writer_zero(&w, 20);
    if (t->version >= 5) {
        assay_writer_u16le(&w, (uint16_t)t->body_type);
        assay_writer_u32le(&w, (uint32_t)assay_intel_body_len(t->body_type));
    }
    if (t->body_type == ASSAY_BODY_SGX) assay_writer_put(&w, t->sgx, sizeof t->sgx);
    else put_report(&w, t->body_type, &t->td);
    cr_assert_eq(assay_writer_finish(&w, &written), ASSAY_OK);
    cr_assert_eq(written.len, td_signed_len(t));
    assay_sha256(written.bytes, written.len, digest);
    cr_assert_eq(assay_p256_sign(node->signer, digest, signature), ASSAY_OK);
    assay_writer_u32le(&w, (uint32_t)(64 + 64 + 6 + inner));
    assay_writer_put(&w, signature, sizeof signature);
    assay_writer_put(&w, node->attestation_public, 64);
    assay_writer_u16le(&w, t->outer_type);
    assay_writer_u32le(&w, (uint32_t)inner);
    assay_writer_put(&w, node->qe_report, sizeof node->qe_report);
    assay_writer_put(&w, node->qe_signature, sizeof node->qe_signature);
    assay_writer_u16le(&w, ASSAY_SOFT_AUTH_LEN);
    assay_writer_put(&w, node->auth_data, sizeof node->auth_data);
    assay_writer_u16le(&w, t->cert_type);
    assay_writer_u32le(&w, (uint32_t)t->cert_data.len);
    assay_writer_put(&w, t->cert_data.bytes, t->cert_data.len);
    cr_assert_eq(assay_writer_finish(&w, &written), ASSAY_OK);
    t->quote_len = written.len;
}

void td_move(struct td_world *t, const struct assay_soft_platform *platform)
{
    world_move(t->world, platform);
    t->cert_data = assay_slice_over(t->world->node.chain, t->world->node.chain_len);
    td_quote(t);
}

static void fill_terms(struct td_terms *terms)
{
    *terms = (struct td_terms){ .id = "TDX",
                                .qe_id = "TD_QE",
                                .sgx_components = 16,
                                .tdx_components = 16,
                                .has_default_module = true,
                                .level_count = 1,
                                .module_count = 1,
                                .qe_level_count = 1 };
    terms->levels[0] = (struct td_level){ .pcesvn = 5,
                                          .status = ASSAY_TCB_UP_TO_DATE,
                                          .date_unix_s = WORLD_FROM + 86400 };
    memset(terms->levels[0].sgx, 5, 16);
    memset(terms->levels[0].tdx, 5, 16);
    terms->levels[0].tdx[1] = 0;
    const struct td_isv_level good = { 5, ASSAY_TCB_UP_TO_DATE, WORLD_FROM + 2 * 86400, NULL };
    terms->modules[0].version = 3;
    terms->modules[0].level_count = 1;
    terms->modules[0].levels[0] = good;
    terms->qe_levels[0] = good;
}

static void fill_bodies(struct td_world *t)
{
    memset(t->td.tee_tcb_svn, 5, 16);
    t->td.tee_tcb_svn[1] = 3;
    t->td.td_attributes[3] = 0x10; /* SEPT_VE_DISABLE */
    memset(t->td.mrtd, 0xd0, sizeof t->td.mrtd);
    for (uint8_t i = 0; i < 64; i++) {
        t->td.report_data[i] = (uint8_t)(64 - i);
        t->sgx[320 + i] = (uint8_t)(64 - i);
    }
    t->sgx[48] = 0x01;              /* INIT */
    memset(t->sgx + 64, 0xd0, 32);  /* MRENCLAVE */
    memset(t->sgx + 128, 0xd1, 32); /* MRSIGNER */
}

struct td_world *td_open_as(enum assay_evidence_kind kind, enum assay_body_type type)
{
    struct td_world *const t = calloc(1, sizeof *t);
    struct assay_kind row;
    cr_assert_not_null(t);
    cr_assert_eq(assay_kind_find(kind, &row), ASSAY_OK);
    t->world = world_open();
    t->world->policy.profile = ASSAY_PROFILE_PRODUCTION;
    t->world->endorsements.entries[0].kinds = ASSAY_KIND_BIT(kind);
    fill_terms(&t->terms);
    t->kind = kind;
    t->version = row.version;
    t->tee_type = row.tee_type;
    t->body_type = type;
    if (type == ASSAY_BODY_SGX) {
        t->terms.id = "SGX";
        t->terms.qe_id = "QE";
    }
    assay_bytes_copy(t->vendor, sizeof t->vendor, row.qe_vendor_id, 16);
    t->outer_type = ASSAY_CERT_TYPE_QE_REPORT;
    t->cert_type = ASSAY_CERT_TYPE_PCK_CHAIN;
    fill_bodies(t);
    struct assay_soft_platform platform = { .pcesvn = 5, .qe_isvsvn = 5 };
    memset(platform.components, 5, 16);
    td_publish(t);
    td_move(t, &platform);
    return t;
}

struct td_world *td_open(void)
{
#ifdef TD_WORLD_V5
    return td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX);
#else
    return td_open_as(ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
#endif
}

void td_close(struct td_world *t)
{
    world_close(t->world);
    free(t);
}

struct assay_evidence_request td_request(const struct td_world *t)
{
    return (struct assay_evidence_request){ .kind = t->kind,
                                            .bytes = t->quote,
                                            .len = t->quote_len,
                                            .at_unix_s = t->world->at_unix_s,
                                            .endorsements = &t->world->endorsements,
                                            .policy = &t->world->policy };
}

enum assay_status td_judge(struct td_world *t)
{
    const struct assay_evidence_request request = td_request(t);
    return assay_evidence_verify(t->world->verifier, &request, &t->world->verdict);
}
