/*
 * tests/differential/authority_terms.c - terms of a case of the test authority.
 *
 * What a case of the authority says: a platform, a little above or below the levels of its TCB
 * info, and now and then one thing that is wrong.
 */
#include "tests/differential/authority.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/kinds.h"
#include "tests/differential/layout.h"
#include "tests/differential/mutate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FROM = 1704067200, /* 2024-01-01 */
    ISSUED = 1750000000,
    AT = 1751328000, /* 2025-07-01 */
    NEXT = 1753000000,
    TO = 1830297600, /* 2028-01-01 */
    SVN = 5,         /* around which levels and platforms lie */
    SGX_LEN = 384,
    TD10_LEN = 584,
    TD15_LEN = 648,
};

/* --- draws */
static const char *draw_status(struct diff_random *random)
{
    static const char *const statuses[] = {
        "UpToDate",
        "UpToDate",
        "UpToDate",
        "OutOfDate",
        "OutOfDate",
        "SWHardeningNeeded",
        "Revoked",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDateConfigurationNeeded",
    };
    return statuses[diff_random_below(random, sizeof statuses / sizeof statuses[0])];
}

static const char *draw_advisory(struct diff_random *random)
{
    static const char *const advisories[] = { NULL, NULL, "INTEL-SA-00001", "INTEL-SA-00002",
                                              "INTEL-SA-00003" };
    return advisories[diff_random_below(random, 5)];
}

/* Mostly the same everywhere, so that levels are reached; one off in one place of four. */
static uint8_t draw_svn(struct diff_random *random)
{
    if (!diff_random_one_in(random, 4)) return SVN;
    return (uint8_t)(SVN - 1 + diff_random_below(random, 3));
}

static void draw_levels(struct diff_terms *t, struct diff_random *random)
{
    t->level_count = 1 + diff_random_below(random, DIFF_LEVELS_MAX);
    for (size_t i = 0; i < t->level_count; i++) {
        struct diff_level *const level = &t->levels[i];
        for (size_t k = 0; k < 16; k++) {
            level->sgx[k] = (uint8_t)(SVN - i);
            level->tdx[k] = (uint8_t)(SVN - i);
        }
        level->sgx[diff_random_below(random, 16)] = draw_svn(random);
        /* Of TDX the first two are the module's; Intel's files have 0 in the second. */
        level->tdx[diff_random_one_in(random, 2) ? diff_random_below(random, 2)
                                                 : diff_random_below(random, 16)] =
            draw_svn(random);
        level->tdx[1] = diff_random_one_in(random, 8) ? draw_svn(random) : 0;
        level->pcesvn = (uint16_t)(SVN - i);
        if (i + 1 == t->level_count && !diff_random_one_in(random, 6))
            *level = (struct diff_level){ .pcesvn = 0 }; /* within everybody's reach */
        level->status = i == 0 && !diff_random_one_in(random, 3) ? "UpToDate" : draw_status(random);
        level->advisory = draw_advisory(random);
    }
}

/* Of modules and enclaves; now and then a status that they cannot have. */
static const char *draw_isv_status(struct diff_random *random)
{
    static const char *const statuses[] = { "UpToDate", "OutOfDate", "OutOfDate", "OutOfDate",
                                            "Revoked" };
    if (diff_random_one_in(random, 24)) return draw_status(random);
    return statuses[diff_random_below(random, sizeof statuses / sizeof statuses[0])];
}

static size_t draw_isv(struct diff_isv_level *levels, struct diff_random *random)
{
    const size_t count = 1 + diff_random_below(random, DIFF_LEVELS_MAX);
    for (size_t i = 0; i < count; i++) {
        levels[i].isvsvn = (unsigned)(SVN + 1 - i);
        if (i + 1 == count && !diff_random_one_in(random, 6)) levels[i].isvsvn = 0;
        levels[i].status =
            i == 0 || diff_random_one_in(random, 3) ? "UpToDate" : draw_isv_status(random);
        levels[i].advisory = draw_advisory(random);
    }
    return count;
}

static void draw_shape(struct diff_terms *t, struct diff_random *random)
{
    static const struct {
        uint16_t version, body_type;
    } shapes[] = { { 3, 1 }, { 3, 1 }, { 3, 1 }, { 4, 2 }, { 4, 2 }, { 4, 2 },
                   { 4, 1 }, { 5, 1 }, { 5, 2 }, { 5, 3 }, { 5, 3 } };
    const size_t shape = diff_random_below(random, sizeof shapes / sizeof shapes[0]);
    t->version = shapes[shape].version;
    t->body_type = shapes[shape].body_type;
    t->is_tdx = t->body_type != 1;
    t->body_len = t->body_type == 1 ? SGX_LEN : t->body_type == 2 ? TD10_LEN : TD15_LEN;
}

static void draw_body(struct diff_terms *t, struct diff_random *random)
{
    enum { TD_ATTRIBUTES = 120, TD_SVN2 = 584, MEASUREMENT = 136, SGX_ATTRIBUTES = 48 };
    if (!t->is_tdx) {
        t->body[SGX_ATTRIBUTES] = 0x05;
        diff_random_bytes(random, t->body + 64, 32);
        diff_random_bytes(random, t->body + 320, 64);
        return;
    }
    for (size_t i = 0; i < 16; i++)
        t->body[i] = SVN;
    t->body[0] = draw_svn(random);
    t->body[1] = (uint8_t)diff_random_below(random, 3);
    t->body[2] = draw_svn(random);
    t->body[TD_ATTRIBUTES + 3] = 0x10; /* SEPT_VE_DISABLE */
    diff_random_bytes(random, t->body + MEASUREMENT, 48);
    if (t->body_type != 3) return;
    for (size_t i = 0; i < 16; i++)
        t->body[TD_SVN2 + i] = t->body[i];
    t->body[TD_SVN2] = diff_random_one_in(random, 2) ? SVN + 1 : draw_svn(random);
    if (diff_random_one_in(random, 6)) t->body[TD_SVN2 + 1] = (uint8_t)diff_random_below(random, 4);
    t->body[TD_SVN2 + 2] = draw_svn(random);
}

static void draw_sound(struct diff_terms *t, struct diff_random *random)
{
    struct assay_kind row;
    *t = (struct diff_terms){
        .qe_isvsvn = draw_svn(random),
        .qe_isvprodid = 2,
        .qe_attributes = 0x15,
        .auth_len = 32,
        .pck_from = FROM,
        .pck_to = TO,
        .ca_to = TO,
        .signer_to = TO,
        .root_crl_to = NEXT,
        .pck_crl_to = NEXT,
        .tcb_version = 3,
        .qe_version = 2,
        .issue = ISSUED,
        .next = NEXT,
        .qe_issue = ISSUED,
        .qe_next = NEXT,
        .component_count = 16,
        .miscselect_mask = "FFFFFFFF",
    };
    draw_shape(t, random);
    ASSAY_ASSERT(assay_kind_find(ASSAY_KIND_SGX3, &row) == ASSAY_OK);
    assay_bytes_copy(t->vendor, 16, row.qe_vendor_id, 16);
    draw_body(t, random);
    t->tcb_id = t->is_tdx ? "TDX" : "SGX";
    t->qe_id = t->is_tdx ? "TD_QE" : "QE";
    for (size_t i = 0; i < 16; i++)
        t->pck.components[i] = SVN;
    t->pck.components[diff_random_below(random, 16)] = draw_svn(random);
    assay_bytes_copy(t->pck.cpusvn, 16, t->pck.components, 16);
    t->pck.pcesvn = draw_svn(random);
    t->pck.has_platform_instance = true;
    diff_random_bytes(random, t->pck.ppid, 16);
    diff_random_bytes(random, t->fmspc, 6);
    assay_bytes_copy(t->pck.fmspc, 6, t->fmspc, 6);
    draw_levels(t, random);
    t->qe_level_count = draw_isv(t->qe_levels, random);
    t->module_count = DIFF_MODULES_MAX;
    for (size_t i = 0; i < DIFF_MODULES_MAX; i++) {
        t->modules[i].version = (uint8_t)(i + 1);
        t->modules[i].level_count = draw_isv(t->modules[i].levels, random);
    }
}

/* --- one thing that is wrong, by its number; each returns its name */
static const char *spoil_quote(struct diff_terms *t, size_t which, struct diff_random *random)
{
    enum { TD_SIGNER = 64, TD_SEAM_ATTRIBUTES = 112, TD_ATTRIBUTES = 120, TD_SERVICE = 600 };
    const size_t byte = diff_random_below(random, 8);
    const uint8_t bit = (uint8_t)(1u << diff_random_below(random, 8));
    switch (which) {
    case 0: t->vendor[byte] = (uint8_t)(t->vendor[byte] ^ bit); return "vendor-id";
    case 1: t->body[(t->is_tdx ? TD_ATTRIBUTES : 48) + byte] ^= bit; return "attribute-bit";
    case 2:
        if (t->is_tdx) t->body[TD_SIGNER + byte] = 1;
        return "mrsignerseam";
    case 3:
        if (t->is_tdx) t->body[TD_SEAM_ATTRIBUTES + byte] = bit;
        return "seam-attributes";
    case 4:
        if (t->body_type == 3) t->body[TD_SERVICE + byte] = 1;
        return "service-td";
    case 5:
        if (t->is_tdx) t->body[TD_ATTRIBUTES + 3] = 0;
        return "no-sept-ve-disable";
    case 6:
        if (t->is_tdx) t->body[1] = (uint8_t)(3 + byte);
        return "unknown-module";
    default:
        if (t->is_tdx) t->body[diff_random_below(random, 16)] = (uint8_t)byte;
        return "tee-tcb-svn";
    }
}

static const char *spoil_qe(struct diff_terms *t, size_t which, struct diff_random *random)
{
    switch (which) {
    case 0: t->qe_isvprodid = 3; return "qe-product";
    case 1: t->qe_isvsvn = 1; return "qe-svn-low";
    case 2:
        t->qe_attributes ^= (uint8_t)(1u << diff_random_below(random, 8));
        return "qe-attributes";
    case 3: t->qe_miscselect = 1; return "qe-miscselect";
    case 4: t->qe_mrsigner = 1; return "qe-mrsigner";
    case 5: t->qe_report_data_tail = 1; return "qe-report-data-tail";
    case 6: t->key_off_curve = true; return "key-off-curve";
    default: t->auth_len = diff_random_below(random, DIFF_AUTH_MAX + 1); return "auth-len";
    }
}

static const char *spoil_certificates(struct diff_terms *t, size_t which)
{
    switch (which) {
    case 0: t->revoke_pck = true; return "revoked-pck";
    case 1: t->revoke_ca = true; return "revoked-ca";
    case 2: t->revoke_signer = true; return "revoked-signer";
    case 3: t->revoke_pck = t->revoke_in_the_other = true; return "pck-in-root-crl";
    case 4: t->signer_as_ca = true; return "signer-is-ca";
    case 5: t->pck_as_ca = true; return "pck-is-ca";
    case 6: t->ca_as_signer = true; return "ca-is-none";
    case 7: t->crl_by_stranger = true; return "crl-by-stranger";
    case 8: t->crl_of_another = true; return "crl-of-another";
    case 9: t->pck_to = AT - 1; return "pck-expired";
    case 10: t->pck_from = AT + 1; return "pck-early";
    case 11: t->ca_to = AT - 1; return "ca-expired";
    case 12: t->signer_to = AT - 1; return "signer-expired";
    case 13: t->root_crl_to = AT - 1; return "root-crl-expired";
    case 14: t->pck_crl_to = AT - 1; return "pck-crl-expired";
    default: t->pck.cpusvn[0] = (uint8_t)(t->pck.cpusvn[0] - 2); return "cpusvn-apart";
    }
}

static const char *spoil_documents(struct diff_terms *t, size_t which)
{
    switch (which) {
    case 0: t->fmspc[0] ^= 1; return "other-fmspc";
    case 1: t->pceid[0] ^= 1; return "other-pceid";
    case 2: t->tcb_id = t->is_tdx ? "SGX" : "TDX"; return "other-tcb-id";
    case 3: t->qe_id = t->is_tdx ? "QE" : "TD_QE"; return "other-qe-id";
    case 4: t->tcb_version = t->is_tdx ? 4 : 2; return "tcb-version";
    case 5: t->qe_version = 3; return "qe-version-3";
    case 6: t->component_count = 15; return "15-components";
    case 7: t->component_count = 17; return "17-components";
    case 8: t->next = AT - 1; return "tcb-info-expired";
    case 9: t->issue = AT + 1; return "tcb-info-early";
    case 10: t->qe_next = AT - 1; return "qe-identity-expired";
    case 11: t->module_signer = 1; return "module-signer";
    case 12: /* a mask that shows in which order its bytes are meant */
        t->qe_miscselect = 1;
        t->miscselect_mask = t->qe_isvsvn % 2 == 0 ? "FFFFFF00" : "00FFFFFF";
        return "miscselect-mask";
    case 13: /* equal to what the document says, and yet not zero */
        t->module_attributes = 1;
        if (t->is_tdx) t->body[112] = 1;
        return "module-attributes";
    default: t->module_count = 0; return "no-modules";
    }
}

static const char *const edits[] = {
    [DIFF_EDIT_NOTHING] = "sound",
    [DIFF_EDIT_HEADER] = "signed-header",
    [DIFF_EDIT_BODY] = "signed-body",
    [DIFF_EDIT_QE_REPORT] = "signed-qe-report",
    [DIFF_EDIT_TCB_INFO] = "signed-tcb-info",
    [DIFF_EDIT_QE_IDENTITY] = "signed-qe-identity",
    [DIFF_EDIT_PCK] = "signed-pck",
    [DIFF_EDIT_CA] = "signed-ca",
    [DIFF_EDIT_ROOT] = "signed-root",
    [DIFF_EDIT_SIGNER] = "signed-signer",
    [DIFF_EDIT_ROOT_CRL] = "signed-root-crl",
    [DIFF_EDIT_PCK_CRL] = "signed-pck-crl",
};

void diff_terms_draw(struct diff_case *c, struct diff_terms *terms, struct diff_random *random)
{
    c->at_unix_s = AT;
    draw_sound(terms, random);
    (void)snprintf(c->base, sizeof c->base, "authority-v%u-%u", terms->version, terms->body_type);
    switch (diff_random_below(random, 10)) {
    case 0:
    case 1: diff_note(c, "levels"); return;
    case 2: diff_note(c, "%s", spoil_quote(terms, diff_random_below(random, 10), random)); return;
    case 3: diff_note(c, "%s", spoil_qe(terms, diff_random_below(random, 8), random)); return;
    case 4: diff_note(c, "%s", spoil_certificates(terms, diff_random_below(random, 16))); return;
    case 5: diff_note(c, "%s", spoil_documents(terms, diff_random_below(random, 15))); return;
    default:
        terms->edit = (enum diff_edit)(1 + diff_random_below(random, DIFF_EDIT_PCK_CRL));
        diff_note(c, "%s", edits[terms->edit]);
        return;
    }
}

/* --- the documents */
__attribute__((format(printf, 2, 3))) static void put(struct diff_blob *text, const char *format,
                                                      ...)
{
    char piece[512];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    ASSAY_ASSERT(len >= 0 && (size_t)len < sizeof piece);
    diff_blob_insert(text, text->len, piece, (size_t)len);
}

static void put_head(struct diff_blob *text, const char *id, unsigned version, int64_t from,
                     int64_t to)
{
    char issued[ASSAY_RFC3339_LEN + 1], next[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(from, issued);
    assay_rfc3339_format(to, next);
    put(text, "{");
    if (version != 2 || id[0] == 'Q' || id[2] == '_') put(text, "\"id\":\"%s\",", id);
    put(text, "\"version\":%u,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",", version, issued, next);
    put(text, "\"tcbEvaluationDataNumber\":17,");
}

static void put_status(struct diff_blob *text, const char *status, const char *advisory)
{
    put(text, "\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\"", status);
    if (advisory != NULL) put(text, ",\"advisoryIDs\":[\"%s\"]", advisory);
    put(text, "}");
}

static void put_isv_levels(struct diff_blob *text, const struct diff_isv_level *levels,
                           size_t count)
{
    put(text, "\"tcbLevels\":[");
    for (size_t i = 0; i < count; i++) {
        put(text, "%s{\"tcb\":{\"isvsvn\":%u},", i == 0 ? "" : ",", levels[i].isvsvn);
        put_status(text, levels[i].status, levels[i].advisory);
    }
    put(text, "]}");
}

static void put_components(struct diff_blob *text, const char *name, const uint8_t svn[16],
                           size_t count)
{
    put(text, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        put(text, "%s{\"svn\":%u}", i == 0 ? "" : ",", i < 16 ? svn[i] : 0);
    put(text, "],");
}

static void put_module(struct diff_blob *text, const struct diff_terms *t)
{
    put(text,
        "\"mrsigner\":\"%02X%094d\",\"attributes\":\"%02X00000000000000\","
        "\"attributesMask\":\"FFFFFFFFFFFFFFFF\"",
        t->module_signer, 0, t->module_attributes);
}

static void put_modules(struct diff_blob *text, const struct diff_terms *t)
{
    put(text, "\"tdxModule\":{");
    put_module(text, t);
    put(text, "},\"tdxModuleIdentities\":[");
    for (size_t i = 0; i < t->module_count; i++) {
        put(text, "%s{\"id\":\"TDX_%02X\",", i == 0 ? "" : ",", t->modules[i].version);
        put_module(text, t);
        put(text, ",");
        put_isv_levels(text, t->modules[i].levels, t->modules[i].level_count);
    }
    put(text, "],");
}

static void put_level(struct diff_blob *text, const struct diff_terms *t,
                      const struct diff_level *level)
{
    put(text, "{\"tcb\":{");
    if (t->tcb_version == 2) {
        for (unsigned i = 0; i < 16; i++)
            put(text, "\"sgxtcbcomp%02usvn\":%u,", i + 1, level->sgx[i]);
    } else {
        put_components(text, "sgxtcbcomponents", level->sgx, t->component_count);
    }
    if (t->is_tdx) put_components(text, "tdxtcbcomponents", level->tdx, t->component_count);
    put(text, "\"pcesvn\":%u},", level->pcesvn);
    put_status(text, level->status, level->advisory);
}

void diff_terms_tcb_info(const struct diff_terms *t, struct diff_blob *text)
{
    char fmspc[13], pceid[5];
    assay_hex_encode(t->fmspc, sizeof t->fmspc, fmspc, sizeof fmspc);
    assay_hex_encode(t->pceid, sizeof t->pceid, pceid, sizeof pceid);
    put_head(text, t->tcb_id, t->tcb_version, t->issue, t->next);
    put(text, "\"fmspc\":\"%s\",\"pceId\":\"%s\",\"tcbType\":0,", fmspc, pceid);
    if (t->is_tdx) put_modules(text, t);
    put(text, "\"tcbLevels\":[");
    for (size_t i = 0; i < t->level_count; i++) {
        if (i > 0) put(text, ",");
        put_level(text, t, &t->levels[i]);
    }
    put(text, "]}");
}

void diff_terms_qe_identity(const struct diff_terms *t, struct diff_blob *text)
{
    put_head(text, t->qe_id, t->qe_version, t->qe_issue, t->qe_next);
    put(text,
        "\"miscselect\":\"00000000\",\"miscselectMask\":\"%s\","
        "\"attributes\":\"11000000000000000000000000000000\","
        "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
        "\"mrsigner\":\"%064d\",\"isvprodid\":2,",
        t->miscselect_mask, 0);
    put_isv_levels(text, t->qe_levels, t->qe_level_count);
}
