/*
 * quote/source/fetch/pcs.c - client of Intel's PCS (pcs.h).
 *
 * Each document is built into a bundle of its own (quote/collateral/collateral.h) with the chain
 * that came with it: what has no fault there is signed under the root, and may be kept and
 * compared.
 */
#include "quote/source/fetch/pcs.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/collateral/advance.h"
#include "quote/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the rules need to know of one document; the bundles are too large for a stack. */
struct document {
    const struct assay_pcs_request *request;
    enum assay_collateral_part part, chain;
    bool has_chain; /* one comes with it, in a header */
    struct assay_key root;
    struct assay_collateral *built, *built_before;
};

static struct assay_key intel_root(void)
{
    struct assay_key root;
    uint32_t kinds = 0;
    const enum assay_status status = assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &root, &kinds);
    ASSAY_ASSERT(status == ASSAY_OK);
    return root;
}

/* ------------------------------------------------------------ addresses */

static const char *tee_text(enum assay_tcb_tee tee)
{
    switch (tee) {
    case ASSAY_TEE_SGX: return "sgx";
    case ASSAY_TEE_TDX: return "tdx";
    }
    ASSAY_UNREACHABLE("a TEE");
}

static const char *ca_text(enum assay_pcs_ca ca)
{
    switch (ca) {
    case ASSAY_PCS_CA_PROCESSOR: return "processor";
    case ASSAY_PCS_CA_PLATFORM: return "platform";
    }
    ASSAY_UNREACHABLE("a CA");
}

bool assay_pcs_ca_parse(const char *text, enum assay_pcs_ca *ca)
{
    for (int i = ASSAY_PCS_CA_PROCESSOR; i <= ASSAY_PCS_CA_PLATFORM; i++) {
        if (strcmp(text, ca_text((enum assay_pcs_ca)i)) != 0) continue;
        *ca = (enum assay_pcs_ca)i;
        return true;
    }
    return false;
}

/* An address may end in slashes. */
static int len_of(const char *base)
{
    ASSAY_ASSERT(base != NULL);
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len -= 1;
    return len < ASSAY_HTTP_URL_LEN_MAX ? (int)len : ASSAY_HTTP_URL_LEN_MAX;
}

static int print_root_crl_url(const struct assay_pcs_request *request, char *url, size_t size)
{
    if (request->root_crl_url != NULL) return snprintf(url, size, "%s", request->root_crl_url);
    if (request->base_url == NULL) return snprintf(url, size, "%s", ASSAY_PCS_ROOT_CRL_URL);
    return snprintf(url, size, "%.*s/sgx/certification/v4/rootcacrl", len_of(request->base_url),
                    request->base_url);
}

enum assay_status assay_pcs_url(const struct assay_pcs_request *request,
                                enum assay_collateral_part part,
                                char url[static ASSAY_HTTP_URL_LEN_MAX + 1])
{
    const size_t size = ASSAY_HTTP_URL_LEN_MAX + 1;
    const char *const base = request->base_url != NULL ? request->base_url : ASSAY_PCS_BASE_URL;
    const int base_len = len_of(base);
    const char *const tee = tee_text(request->tee);
    const char *const update = request->early ? "early" : "standard";
    char fmspc[2 * sizeof request->fmspc + 1];
    int n = -1;
    assay_hex_encode(request->fmspc, sizeof request->fmspc, fmspc, sizeof fmspc);
    switch (part) {
    case ASSAY_PART_TCB_INFO:
        n = snprintf(url, size, "%.*s/%s/certification/v4/tcb?fmspc=%s&update=%s", base_len, base,
                     tee, fmspc, update);
        break;
    case ASSAY_PART_QE_IDENTITY:
        n = snprintf(url, size, "%.*s/%s/certification/v4/qe/identity?update=%s", base_len, base,
                     tee, update);
        break;
    case ASSAY_PART_ROOT_CRL: n = print_root_crl_url(request, url, size); break;
    case ASSAY_PART_PCK_CRL:
        n = snprintf(url, size, "%.*s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", base_len,
                     base, ca_text(request->ca));
        break;
    case ASSAY_PART_PCK_CHAIN:
    case ASSAY_PART_TCB_CHAIN:
    case ASSAY_PART_QE_CHAIN:
    case ASSAY_PART_CERTIFICATES:
    case ASSAY_PART_OCSP:
    case ASSAY_PART_RIM:
    case ASSAY_PART_CRL: return ASSAY_E_NOT_FOUND;
    }
    return n > 0 && (size_t)n < size ? ASSAY_OK : ASSAY_E_RANGE;
}

/* ------------------------------------------------------------ what a document must be */

/* A PCCS gives lists in hexadecimal. DER begins with 0x30, which is the digit '0': the second
 * character distinguishes them, since no DER of this size has a length octet that is a digit. */
static enum assay_status normalise_crl(uint8_t *body, size_t *body_len)
{
    size_t len = *body_len;
    while (len > 0 && (body[len - 1] == '\n' || body[len - 1] == '\r'))
        len -= 1;
    if (len < 4 || body[0] != '3' || body[1] != '0') return ASSAY_OK;
    uint8_t *const der = malloc(len / 2);
    if (der == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_hex_decode((const char *)body, len, der, len / 2);
    if (status == ASSAY_OK) {
        assay_bytes_copy(body, *body_len, der, len / 2);
        *body_len = len / 2;
        ASSAY_ASSERT(*body_len < len);
    }
    free(der);
    return status;
}

static enum assay_status build_collateral(const struct document *d,
                                          const struct assay_fetch_content *content,
                                          struct assay_collateral *out)
{
    ASSAY_ASSERT((unsigned)d->part < ASSAY_PARTS && (unsigned)d->chain < ASSAY_PARTS);
    struct assay_collateral_files files = { 0 };
    files.part[d->part] = content->body;
    if (d->has_chain) files.part[d->chain] = content->extra;
    return assay_collateral_build(&files, &d->root, out);
}

static enum assay_status report_refusal(const struct document *d, enum assay_status status,
                                        const char *what, char *message)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN, "%s from the server: %s (%s)",
                   assay_collateral_part_name(d->part), what, assay_status_text(status));
    return status;
}

/* Read, and signed by a chain that ends in the root? */
static enum assay_status check_signed(const struct document *d, char *message)
{
    ASSAY_ASSERT(d->built != NULL);
    const struct assay_collateral *const c = d->built;
    if (c->fault_count > 0)
        return report_refusal(d, c->faults[0].status, c->faults[0].what, message);
    if (!c->has[d->part]) return report_refusal(d, ASSAY_E_SYNTAX, "there is nothing", message);
    if (!d->has_chain) return ASSAY_OK;
    const bool has_signer = d->part == ASSAY_PART_PCK_CRL ? c->has_pck_issuer : c->has[d->chain];
    return has_signer
               ? ASSAY_OK
               : report_refusal(d, ASSAY_E_SIGNATURE, "its issuer chain does not sign it", message);
}

/* The list of the CA that was asked for; names are Intel's, so only its own root's are compared. */
static bool is_list_of(const struct assay_crl *crl, const struct document *d)
{
    static const char *const names[] = { "Intel SGX PCK Processor CA",
                                         "Intel SGX PCK Platform CA" };
    ASSAY_ASSERT((size_t)d->request->ca < sizeof names / sizeof names[0]);
    const char *const name = names[d->request->ca];
    const struct assay_key intel = intel_root();
    if (!assay_key_equal(&d->root, &intel)) return true;
    return memmem(crl->issuer.der, crl->issuer.len, name, strlen(name)) != NULL;
}

static enum assay_status check_subject(const struct document *d, char *message)
{
    const struct assay_collateral *const c = d->built;
    const struct assay_pcs_request *const r = d->request;
    switch (d->part) {
    case ASSAY_PART_TCB_INFO:
        if (c->tcb_info.tee == r->tee &&
            assay_bytes_equal(c->tcb_info.fmspc, r->fmspc, sizeof r->fmspc))
            return ASSAY_OK;
        return report_refusal(d, ASSAY_E_INVALID, "it is for another TEE or FMSPC", message);
    case ASSAY_PART_QE_IDENTITY:
        if (c->qe_identity.tee == r->tee) return ASSAY_OK;
        return report_refusal(d, ASSAY_E_INVALID, "it is for another TEE", message);
    case ASSAY_PART_PCK_CRL:
        if (is_list_of(&c->pck_crl, d)) return ASSAY_OK;
        return report_refusal(d, ASSAY_E_INVALID, "it is of another CA", message);
    case ASSAY_PART_ROOT_CRL:
    case ASSAY_PART_PCK_CHAIN:
    case ASSAY_PART_TCB_CHAIN:
    case ASSAY_PART_QE_CHAIN:
    case ASSAY_PART_CERTIFICATES:
    case ASSAY_PART_OCSP:
    case ASSAY_PART_RIM:
    case ASSAY_PART_CRL: return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("a part of the collateral");
}

static enum assay_status check_document(void *context, const struct assay_fetch_content *content,
                                        struct assay_fetch_window *window,
                                        char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    const struct document *const d = context;
    ASSAY_TRY(build_collateral(d, content, d->built));
    ASSAY_TRY(check_signed(d, message));
    ASSAY_TRY(check_subject(d, message));
    /* All of them must hold: the document's own and those of its signers. */
    *window = (struct assay_fetch_window){ INT64_MIN, ASSAY_FETCH_FOR_EVER - 1 };
    ASSAY_ASSERT(d->built->window_count <= ASSAY_WINDOWS_MAX);
    for (uint32_t i = 0; i < d->built->window_count; i++) {
        const struct assay_window *const w = &d->built->windows[i];
        if (w->from_unix_s > window->from_unix_s) window->from_unix_s = w->from_unix_s;
        if (w->to_unix_s < window->to_unix_s) window->to_unix_s = w->to_unix_s;
    }
    return ASSAY_OK;
}

static enum assay_status check_advance(void *context, const struct assay_fetch_content *before,
                                       const struct assay_fetch_content *after,
                                       char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    const struct document *const d = context;
    ASSAY_ASSERT(d->built != NULL && d->built_before != NULL);
    struct assay_setback setback;
    ASSAY_TRY(build_collateral(d, before, d->built_before));
    ASSAY_TRY(build_collateral(d, after, d->built));
    const enum assay_status status = assay_collateral_advance(d->built_before, d->built, &setback);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN,
                       "%s from the server is older than what was there: its %s goes back (%" PRId64
                       " after %" PRId64 ")",
                       assay_collateral_part_name(d->part), setback.field, setback.after,
                       setback.before);
    return status;
}

/* ------------------------------------------------------------ the four documents */

static const struct assay_fetch_rule json_rule = { .check = check_document,
                                                   .advance = check_advance };
static const struct assay_fetch_rule crl_rule = { .check = check_document,
                                                  .advance = check_advance,
                                                  .normalise = normalise_crl };

/* Names of headers in versions 4 and 3 of the API, and in an early PCCS. */
static const struct {
    enum assay_collateral_part part, chain;
    const char *headers[ASSAY_FETCH_HEADERS_MAX];
    const struct assay_fetch_rule *rule;
} documents[ASSAY_PCS_DOCUMENTS] = {
    { ASSAY_PART_TCB_INFO,
      ASSAY_PART_TCB_CHAIN,
      { "TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain" },
      &json_rule },
    { ASSAY_PART_QE_IDENTITY,
      ASSAY_PART_QE_CHAIN,
      { "SGX-Enclave-Identity-Issuer-Chain", "Enclave-Identity-Issuer-Chain" },
      &json_rule },
    { ASSAY_PART_ROOT_CRL, ASSAY_PART_ROOT_CRL, { NULL }, &crl_rule },
    { ASSAY_PART_PCK_CRL,
      ASSAY_PART_PCK_CHAIN,
      { "SGX-PCK-CRL-Issuer-Chain", "PCK-CRL-Issuer-Chain" },
      &crl_rule },
};

static enum assay_status fetch_one(const struct assay_fetch_config *config,
                                   const struct assay_pcs_request *request, size_t index,
                                   struct document *d, struct assay_pcs_bundle *bundle,
                                   char *message)
{
    ASSAY_ASSERT(index < ASSAY_PCS_DOCUMENTS);
    char url[ASSAY_HTTP_URL_LEN_MAX + 1];
    struct assay_fetched *const fetched = &bundle->documents[index];
    d->part = documents[index].part;
    d->chain = documents[index].chain;
    d->has_chain = documents[index].headers[0] != NULL;
    if (assay_pcs_url(request, d->part, url) != ASSAY_OK) {
        (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN, "the address is longer than %d bytes",
                       ASSAY_HTTP_URL_LEN_MAX);
        return ASSAY_E_RANGE;
    }
    struct assay_fetch_want want = {
        .url = url,
        .rule = documents[index].rule,
        .context = d,
        .at_unix_s = request->at_unix_s,
        .deadline_ms = request->deadline_ms,
        .refresh = request->refresh,
    };
    for (size_t i = 0; i < ASSAY_FETCH_HEADERS_MAX; i++)
        want.headers[i] = documents[index].headers[i];
    ASSAY_TRY(assay_fetch_get(config, &want, fetched, message));
    bundle->files.part[d->part] = fetched->content.body;
    if (d->has_chain) bundle->files.part[d->chain] = fetched->content.extra;
    return ASSAY_OK;
}

static enum assay_status fetch_all(const struct assay_fetch_config *config,
                                   const struct assay_pcs_request *request, struct document *d,
                                   struct assay_pcs_bundle *bundle, char *message)
{
    char warning[ASSAY_FETCH_MESSAGE_LEN] = "";
    for (size_t i = 0; i < ASSAY_PCS_DOCUMENTS; i++) {
        ASSAY_TRY(fetch_one(config, request, i, d, bundle, message));
        if (warning[0] == '\0') (void)snprintf(warning, sizeof warning, "%s", message);
    }
    (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN, "%s", warning); /* the first one */
    return ASSAY_OK;
}

enum assay_status assay_pcs_fetch(const struct assay_fetch_config *config,
                                  const struct assay_pcs_request *request,
                                  struct assay_pcs_bundle *bundle,
                                  char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct assay_pcs_bundle result = { 0 };
    struct document d = { .request = request };
    d.root = request->root != NULL ? *request->root : intel_root();
    enum assay_status status = ASSAY_E_MEMORY;
    message[0] = '\0';
    d.built = malloc(sizeof *d.built);
    d.built_before = malloc(sizeof *d.built_before);
    if (d.built != NULL && d.built_before != NULL)
        status = fetch_all(config, request, &d, &result, message);
    free(d.built);
    free(d.built_before);
    if (status != ASSAY_OK) {
        assay_pcs_bundle_free(&result);
        return status;
    }
    *bundle = result;
    return ASSAY_OK;
}

void assay_pcs_bundle_free(struct assay_pcs_bundle *bundle)
{
    for (size_t i = 0; i < ASSAY_PCS_DOCUMENTS; i++)
        assay_fetched_free(&bundle->documents[i]);
    *bundle = (struct assay_pcs_bundle){ 0 };
}
