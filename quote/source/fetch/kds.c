/*
 * quote/source/fetch/kds.c - client of AMD's KDS (kds.h).
 */
#include "quote/source/fetch/kds.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/advance.h"
#include "quote/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURIN_CHIP_ID_LEN = 8, CHAIN_LEN = 2 };

struct thing {
    const struct assay_kds_request *request;
    struct assay_key root;
    struct assay_crl *crl; /* too large for a stack */
    struct assay_crl *crl_before;
    struct assay_certificate certificates[CHAIN_LEN];
};

/* ------------------------------------------------------------ addresses */

static const char *product_text(enum assay_kds_product product)
{
    switch (product) {
    case ASSAY_KDS_MILAN: return "Milan";
    case ASSAY_KDS_GENOA: return "Genoa";
    case ASSAY_KDS_TURIN: return "Turin";
    }
    ASSAY_UNREACHABLE("a product");
}

static enum assay_pinned_root pinned_of(enum assay_kds_product product)
{
    switch (product) {
    case ASSAY_KDS_MILAN: return ASSAY_PINNED_AMD_MILAN;
    case ASSAY_KDS_GENOA: return ASSAY_PINNED_AMD_GENOA;
    case ASSAY_KDS_TURIN: return ASSAY_PINNED_AMD_TURIN;
    }
    ASSAY_UNREACHABLE("a product");
}

static size_t chip_id_len(const struct assay_kds_request *request)
{
    return request->product == ASSAY_KDS_TURIN ? TURIN_CHIP_ID_LEN : ASSAY_HWID_MAX;
}

/* The versions are decimal numbers of at least two digits; Turin has one more of them. */
static int print_vcek_url(const struct assay_kds_request *r, const char *base, char *url,
                          size_t size)
{
    char chip[2 * ASSAY_HWID_MAX + 1], fmc[16] = "";
    assay_hex_encode(r->chip_id, chip_id_len(r), chip, sizeof chip);
    if (r->product == ASSAY_KDS_TURIN) (void)snprintf(fmc, sizeof fmc, "fmcSPL=%02u&", r->fmc);
    return snprintf(
        url, size, "%s/vcek/v1/%s/%s?%sblSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u", base,
        product_text(r->product), chip, fmc, r->bootloader, r->tee, r->snp, r->microcode);
}

enum assay_status assay_kds_url(const struct assay_kds_request *request, enum assay_kds_thing thing,
                                char url[static ASSAY_HTTP_URL_LEN_MAX + 1])
{
    const size_t size = ASSAY_HTTP_URL_LEN_MAX + 1;
    const char *const base = request->base_url != NULL ? request->base_url : ASSAY_KDS_BASE_URL;
    const char *const key = request->is_vlek ? "vlek" : "vcek";
    const char *const product = product_text(request->product);
    int n = -1;
    switch (thing) {
    case ASSAY_KDS_VCEK: n = print_vcek_url(request, base, url, size); break;
    case ASSAY_KDS_CHAIN:
        n = snprintf(url, size, "%s/%s/v1/%s/cert_chain", base, key, product);
        break;
    case ASSAY_KDS_CRL: n = snprintf(url, size, "%s/%s/v1/%s/crl", base, key, product); break;
    }
    return n > 0 && (size_t)n < size ? ASSAY_OK : ASSAY_E_RANGE;
}

/* ------------------------------------------------------------ what they must be */

static enum assay_status report_refusal(enum assay_status status, const char *what, char *message)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN, "from AMD's service: %s (%s)", what,
                   assay_status_text(status));
    return status;
}

static bool is_for(const struct assay_vek *vek, const struct assay_kds_request *r)
{
    const char *const product = product_text(r->product);
    return vek->hwid_len == chip_id_len(r) &&
           assay_bytes_equal(vek->hwid, r->chip_id, vek->hwid_len) &&
           vek->bootloader == r->bootloader && vek->tee == r->tee && vek->snp == r->snp &&
           vek->microcode == r->microcode &&
           (r->product != ASSAY_KDS_TURIN || (vek->has_fmc && vek->fmc == r->fmc)) &&
           strncmp(vek->product, product, strlen(product)) == 0;
}

/* Its signature needs the ASK, and is checked with the report (quote/verify.h). */
static enum assay_status check_vcek(void *context, const struct assay_fetch_content *content,
                                    struct assay_fetch_window *window,
                                    char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct thing *const t = context;
    struct assay_certificate *const c = &t->certificates[0];
    const enum assay_status status =
        assay_x509_certificate(content->body.bytes, content->body.len, c);
    if (status != ASSAY_OK) return report_refusal(status, "no readable certificate", message);
    if (!c->has_vek || !is_for(&c->vek, t->request))
        return report_refusal(ASSAY_E_INVALID, "a certificate for another chip or TCB", message);
    *window = (struct assay_fetch_window){ c->not_before_s, ASSAY_FETCH_FOR_EVER };
    return ASSAY_OK;
}

static enum assay_status check_chain(void *context, const struct assay_fetch_content *content,
                                     struct assay_fetch_window *window,
                                     char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct thing *const t = context;
    size_t count = 0;
    enum assay_status status = assay_x509_pem_chain(content->body.bytes, content->body.len,
                                                    t->certificates, CHAIN_LEN, &count);
    if (status != ASSAY_OK || count != CHAIN_LEN)
        return report_refusal(status != ASSAY_OK ? status : ASSAY_E_RANGE,
                              "no chain of two certificates", message);
    const bool ark_first = assay_dn_equal(&t->certificates[0].subject, &t->certificates[0].issuer);
    const struct assay_certificate *const ark = &t->certificates[ark_first ? 0 : 1];
    const struct assay_certificate *const ask = &t->certificates[ark_first ? 1 : 0];
    if (!assay_key_equal(&ark->key, &t->root) || !assay_chain_names(ark, ask) ||
        assay_dn_equal(&ask->subject, &ask->issuer))
        return report_refusal(ASSAY_E_KEY, "a chain under another root", message);
    status = assay_chain_signed(&t->root, ask->tbs_digest, &ask->signature);
    if (status != ASSAY_OK)
        return report_refusal(status, "a chain that its root did not sign", message);
    window->from_unix_s =
        ask->not_before_s > ark->not_before_s ? ask->not_before_s : ark->not_before_s;
    window->to_unix_s = ask->not_after_s < ark->not_after_s ? ask->not_after_s : ark->not_after_s;
    return ASSAY_OK;
}

static enum assay_status check_crl(void *context, const struct assay_fetch_content *content,
                                   struct assay_fetch_window *window,
                                   char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct thing *const t = context;
    ASSAY_ASSERT(t->crl != NULL);
    enum assay_status status = assay_x509_crl(content->body.bytes, content->body.len, t->crl);
    if (status != ASSAY_OK) return report_refusal(status, "no readable revocation list", message);
    status = assay_chain_signed(&t->root, t->crl->tbs_digest, &t->crl->signature);
    if (status != ASSAY_OK)
        return report_refusal(status, "a list that its root did not sign", message);
    *window = (struct assay_fetch_window){ t->crl->this_update_s, t->crl->next_update_s };
    return ASSAY_OK;
}

static enum assay_status advance_crl(void *context, const struct assay_fetch_content *before,
                                     const struct assay_fetch_content *after,
                                     char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct thing *const t = context;
    ASSAY_ASSERT(t->crl != NULL && t->crl_before != NULL);
    struct assay_setback setback;
    ASSAY_TRY(assay_x509_crl(before->body.bytes, before->body.len, t->crl_before));
    ASSAY_TRY(assay_x509_crl(after->body.bytes, after->body.len, t->crl));
    const enum assay_status status = assay_crl_advance(t->crl_before, t->crl, &setback);
    if (status == ASSAY_OK) return ASSAY_OK;
    (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN,
                   "the list from AMD's service is older than what was there: its %s goes back",
                   setback.field);
    return status;
}

/* ------------------------------------------------------------ fetching */

static const struct assay_fetch_rule *rule_of(enum assay_kds_thing thing)
{
    static const struct assay_fetch_rule vcek = { .check = check_vcek };
    static const struct assay_fetch_rule chain = { .check = check_chain };
    static const struct assay_fetch_rule crl = { .check = check_crl, .advance = advance_crl };
    switch (thing) {
    case ASSAY_KDS_VCEK: return &vcek;
    case ASSAY_KDS_CHAIN: return &chain;
    case ASSAY_KDS_CRL: return &crl;
    }
    ASSAY_UNREACHABLE("a thing of the service");
}

static enum assay_status prepare_request(const struct assay_kds_request *request,
                                         enum assay_kds_thing thing, struct thing *t, char *url,
                                         char *message)
{
    ASSAY_ASSERT(t->crl == NULL && t->crl_before == NULL);
    uint32_t kinds = 0;
    t->request = request;
    if (thing == ASSAY_KDS_VCEK &&
        (request->is_vlek || assay_bytes_all_zero(request->chip_id, chip_id_len(request))))
        return report_refusal(ASSAY_E_RANGE,
                              "a VCEK needs the id of its chip, which the report masks", message);
    if (request->root != NULL) t->root = *request->root;
    else ASSAY_TRY(assay_pinned_root(pinned_of(request->product), &t->root, &kinds));
    if (assay_kds_url(request, thing, url) != ASSAY_OK)
        return report_refusal(ASSAY_E_RANGE, "the address is too long", message);
    t->crl = malloc(sizeof *t->crl);
    t->crl_before = malloc(sizeof *t->crl_before);
    return t->crl != NULL && t->crl_before != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_kds_fetch(const struct assay_fetch_config *config,
                                  const struct assay_kds_request *request,
                                  enum assay_kds_thing thing, struct assay_fetched *fetched,
                                  char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    char url[ASSAY_HTTP_URL_LEN_MAX + 1];
    message[0] = '\0';
    struct thing *const t = calloc(1, sizeof *t);
    if (t == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = prepare_request(request, thing, t, url, message);
    const struct assay_fetch_want want = {
        .url = url,
        .rule = rule_of(thing),
        .context = t,
        .at_unix_s = request->at_unix_s,
        .deadline_ms = request->deadline_ms,
        .refresh = request->refresh,
    };
    if (status == ASSAY_OK) status = assay_fetch_get(config, &want, fetched, message);
    free(t->crl);
    free(t->crl_before);
    free(t);
    return status;
}
