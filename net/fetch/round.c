/*
 * net/fetch/round.c - one fetch round over all roots.
 */
#include "net/fetch/round.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "quote/collateral/offer.h"
#include "quote/source/fetch/cache.h"
#include "quote/source/fetch/kds.h"
#include "quote/source/fetch/pcs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On the heap; one root after the other uses it. */
struct work {
    const struct assay_round_config *config;
    const struct assay_collateral_set *in_force;
    int64_t at_unix_s;
    assay_round_report_function *on_report;
    void *context;
    struct assay_round_report report;
    struct assay_fetched fetched[ASSAY_LISTS_MAX];
    struct assay_offer_scratch scratch;
    struct assay_crl crl; /* that is being looked at */
    uint8_t offer[ASSAY_OFFER_LEN_MAX];
};

/* ------------------------------------------------------------ answers */

static bool is_stopped(const struct work *w)
{
    return w->config->fetch.stop != NULL && atomic_load(w->config->fetch.stop);
}

static void report_result(struct work *w, enum assay_round_result result, enum assay_status status)
{
    ASSAY_ASSERT(w->on_report != NULL);
    if (is_stopped(w)) return; /* an aborted request is no statement about a vendor */
    w->report.result = result;
    w->report.status = status;
    if (w->report.message[0] == '\0' && status != ASSAY_OK)
        (void)snprintf(w->report.message, sizeof w->report.message, "%s",
                       assay_status_text(status));
    w->on_report(w->context, &w->report);
}

static void begin_report(struct work *w, const struct assay_key *root)
{
    w->report = (struct assay_round_report){ .renewal = { .piece = "", .field = "" } };
    assay_key_name(root, w->report.root);
}

enum assay_status assay_round_judge(const struct assay_collateral_set *in_force,
                                    struct assay_slice offer, int64_t at_unix_s,
                                    struct assay_renewal *renewal)
{
    size_t count = 0;
    struct assay_endorsements built;
    ASSAY_TRY(assay_endorsements_count(offer.bytes, offer.len, &count));
    struct assay_collateral *const memory = calloc(count, sizeof *memory);
    if (memory == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status =
        assay_endorsements_read(offer.bytes, offer.len, memory, count, &built);
    if (status == ASSAY_OK) assay_collateral_newer(in_force->built, &built, at_unix_s, renewal);
    free(memory);
    return status;
}

static void judge_part(struct work *w, size_t len)
{
    ASSAY_ASSERT(len > 0 && len <= sizeof w->offer);
    const struct assay_slice offer = assay_slice_over(w->offer, len);
    const enum assay_status status =
        assay_round_judge(w->in_force, offer, w->at_unix_s, &w->report.renewal);
    const enum assay_renewal_fault fault = w->report.renewal.fault;
    if (status != ASSAY_OK) {
        report_result(w, ASSAY_ROUND_UNREACHABLE, status);
    } else if (w->report.renewal.kind != ASSAY_RENEWAL_REFUSED) {
        w->report.offer = offer;
        report_result(w, ASSAY_ROUND_NEWER, ASSAY_OK);
    } else {
        const bool is_known = fault == ASSAY_RENEWAL_NOTHING || fault == ASSAY_RENEWAL_SOON;
        report_result(w, is_known ? ASSAY_ROUND_KNOWN : ASSAY_ROUND_REFUSED, ASSAY_OK);
    }
}

/* ------------------------------------------------------------ Intel's documents */

static bool is_pinned(const struct assay_key *root, enum assay_pinned_root which)
{
    struct assay_key key;
    uint32_t kinds = 0;
    return assay_pinned_root(which, &key, &kinds) == ASSAY_OK && assay_key_equal(&key, root);
}

static bool needs_intel(const struct assay_round_source *source, const struct assay_key *root)
{
    return source->mode == ASSAY_ROUND_URL ||
           (source->mode == ASSAY_ROUND_VENDOR && is_pinned(root, ASSAY_PINNED_INTEL_SGX));
}

/* Intel's two issuers of PCK certificates, by the list of theirs that is in force. */
static enum assay_pcs_ca find_ca(const struct assay_collateral *c)
{
    for (size_t i = 0; i < c->certificate_count; i++)
        if (assay_bytes_equal(c->certificates[i].key_name, c->pck_issuer_name, 32) &&
            strstr(c->certificates[i].subject_name, "Processor") != NULL)
            return ASSAY_PCS_CA_PROCESSOR;
    return ASSAY_PCS_CA_PLATFORM;
}

void assay_round_part(const struct assay_endorsement *entry, char part[static ASSAY_ROUND_PART_LEN])
{
    const struct assay_collateral *const c = entry->collateral;
    char fmspc[2 * sizeof c->tcb_info.fmspc + 1];
    part[0] = '\0';
    if (!assay_endorsement_has_documents(entry)) return;
    assay_hex_encode(c->tcb_info.fmspc, sizeof c->tcb_info.fmspc, fmspc, sizeof fmspc);
    (void)snprintf(part, ASSAY_ROUND_PART_LEN, "%s-%s-%s",
                   c->tcb_info.tee == ASSAY_TEE_TDX ? "tdx" : "sgx", fmspc,
                   find_ca(c) == ASSAY_PCS_CA_PLATFORM ? "platform" : "processor");
}

static enum assay_status fetch_family(struct work *w, const struct assay_endorsement *entry,
                                      bool early, struct assay_pcs_bundle *bundle)
{
    ASSAY_ASSERT(assay_endorsement_has_documents(entry));
    const struct assay_round_source *const source = &w->config->intel;
    struct assay_pcs_request request = {
        .tee = entry->collateral->tcb_info.tee,
        .ca = find_ca(entry->collateral),
        .early = early,
        .base_url = source->mode == ASSAY_ROUND_URL ? source->url : NULL,
        .root = &entry->root,
        .at_unix_s = w->at_unix_s,
        .deadline_ms = assay_monotonic_ms() + ASSAY_ROUND_SOURCE_MS_MAX,
        .refresh = true,
    };
    assay_bytes_copy(request.fmspc, sizeof request.fmspc, entry->collateral->tcb_info.fmspc,
                     sizeof entry->collateral->tcb_info.fmspc);
    return assay_pcs_fetch(&w->config->fetch, &request, bundle, w->report.message);
}

static void request_intel(struct work *w, const struct assay_endorsement *entry, bool early)
{
    ASSAY_ASSERT(assay_endorsement_has_documents(entry));
    struct assay_pcs_bundle bundle = { 0 };
    begin_report(w, &entry->root);
    assay_round_part(entry, w->report.part);
    enum assay_status status = fetch_family(w, entry, early, &bundle);
    if (status == ASSAY_OK) {
        struct assay_writer out = assay_writer_over(w->offer, sizeof w->offer);
        struct assay_endorsement_files files = { .root = entry->root,
                                                 .kinds = entry->kinds,
                                                 .files = bundle.files };
        w->report.message[0] = '\0'; /* without a cache there is nothing to warn of */
        status = assay_offer_encode(&files, 1, &out);
        if (status == ASSAY_OK) judge_part(w, out.len);
    }
    if (status != ASSAY_OK) report_result(w, ASSAY_ROUND_UNREACHABLE, status);
    assay_pcs_bundle_free(&bundle);
}

/* ------------------------------------------------------------ lists of the others */

/* Whose list it is, newer.c finds out: here it need only be one. */
static enum assay_status check_list(void *context, const struct assay_fetch_content *content,
                                    struct assay_fetch_window *window,
                                    char message[static ASSAY_FETCH_MESSAGE_LEN])
{
    struct assay_crl *const crl = context;
    const enum assay_status status =
        assay_x509_crl(content->body.bytes, content->body.len, crl);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_FETCH_MESSAGE_LEN, "not a revocation list in DER: %s",
                       assay_status_text(status));
    else
        *window = (struct assay_fetch_window){ crl->this_update_s, crl->next_update_s };
    return status;
}

static enum assay_status fetch_list(struct work *w, const char *url, struct assay_fetched *fetched)
{
    static const struct assay_fetch_rule rule = { .check = check_list };
    const struct assay_fetch_want want = { .url = url,
                                           .rule = &rule,
                                           .context = &w->crl,
                                           .at_unix_s = w->at_unix_s,
                                           .deadline_ms =
                                               assay_monotonic_ms() + ASSAY_ROUND_SOURCE_MS_MAX,
                                           .refresh = true };
    return assay_fetch_get(&w->config->fetch, &want, fetched, w->report.message);
}

/* AMD's roots are one a product, and each has one list. A mirror is requested roots of its own
 * under the paths of Milan. */
static bool needs_amd(const struct work *w, const struct assay_endorsement *entry,
                      enum assay_kds_product *product)
{
    static const enum assay_kds_product products[] = { ASSAY_KDS_MILAN, ASSAY_KDS_GENOA,
                                                       ASSAY_KDS_TURIN };
    const enum assay_round_mode mode = w->config->amd.mode;
    if (mode == ASSAY_ROUND_OFF || (entry->kinds & ASSAY_KINDS_SNP) == 0) return false;
    for (int i = 0; i < 3; i++) {
        *product = products[i];
        if (is_pinned(&entry->root, (enum assay_pinned_root)(ASSAY_PINNED_AMD_MILAN + i)))
            return true;
    }
    *product = ASSAY_KDS_MILAN;
    return mode == ASSAY_ROUND_URL;
}

static enum assay_status fetch_amd(struct work *w, const struct assay_key *root,
                                   enum assay_kds_product product, struct assay_fetched *fetched)
{
    const struct assay_round_source *const source = &w->config->amd;
    const struct assay_kds_request request = {
        .product = product,
        .base_url = source->mode == ASSAY_ROUND_URL ? source->url : NULL,
        .root = root,
        .at_unix_s = w->at_unix_s,
        .deadline_ms = assay_monotonic_ms() + ASSAY_ROUND_SOURCE_MS_MAX,
        .refresh = true,
    };
    return assay_kds_fetch(&w->config->fetch, &request, ASSAY_KDS_CRL, fetched, w->report.message);
}

/* Fetches one list. Returns: the number of lists received. */
static size_t note_result(struct work *w, enum assay_status status, size_t count)
{
    ASSAY_ASSERT(count < ASSAY_LISTS_MAX);
    if (status == ASSAY_OK) return count + 1;
    report_result(w, ASSAY_ROUND_UNREACHABLE, status);
    return count;
}

static void request_lists(struct work *w, const struct assay_endorsement *entry)
{
    ASSAY_ASSERT(!assay_endorsement_has_documents(entry));
    size_t count = 0;
    enum assay_kds_product product = ASSAY_KDS_MILAN;
    struct assay_slice lists[ASSAY_LISTS_MAX];
    begin_report(w, &entry->root);
    if (needs_amd(w, entry, &product))
        count = note_result(w, fetch_amd(w, &entry->root, product, &w->fetched[count]), count);
    for (size_t i = 0; i < w->config->list_count && count < ASSAY_LISTS_MAX; i++) {
        begin_report(w, &entry->root);
        if (is_stopped(w) || !assay_bytes_equal(w->config->lists[i].root, w->report.root,
                                                sizeof w->report.root))
            continue;
        count = note_result(w, fetch_list(w, w->config->lists[i].url, &w->fetched[count]), count);
    }
    for (size_t i = 0; i < count; i++)
        lists[i] = w->fetched[i].content.body;
    ASSAY_ASSERT(count <= ASSAY_LISTS_MAX);
    if (count > 0) {
        begin_report(w, &entry->root);
        struct assay_writer out = assay_writer_over(w->offer, sizeof w->offer);
        const enum assay_status status =
            assay_offer_lists(w->in_force, &entry->root, lists, count, &w->scratch, &out);
        if (status == ASSAY_OK) judge_part(w, out.len);
        else report_result(w, ASSAY_ROUND_UNREACHABLE, status);
    }
    for (size_t i = 0; i < count; i++)
        assay_fetched_free(&w->fetched[i]);
}

/* ------------------------------------------------------------ all roots */

/* The first entry of a root without documents requests the lists of all of them. */
static bool is_first(const struct assay_endorsements *set, size_t index)
{
    ASSAY_ASSERT(index < set->count);
    for (size_t i = 0; i < index; i++)
        if (assay_key_equal(&set->entries[i].root, &set->entries[index].root) &&
            !assay_endorsement_has_documents(&set->entries[i]))
            return false;
    return true;
}

enum assay_status assay_round_run(const struct assay_round_config *config,
                                  const struct assay_collateral_set *in_force, int64_t at_unix_s,
                                  assay_round_report_function *teller, void *context)
{
    ASSAY_ASSERT(config->list_count <= ASSAY_ROUND_LISTS_MAX);
    struct work *const w = calloc(1, sizeof *w);
    if (w == NULL) return ASSAY_E_MEMORY;
    w->config = config;
    w->in_force = in_force;
    w->at_unix_s = at_unix_s;
    w->on_report = teller;
    w->context = context;
    for (size_t i = 0; i < in_force->built->count && !is_stopped(w); i++) {
        const struct assay_endorsement *const entry = &in_force->built->entries[i];
        if (assay_endorsement_has_documents(entry)) {
            if (!needs_intel(&config->intel, &entry->root)) continue;
            request_intel(w, entry, false);
            if (config->early && !is_stopped(w)) request_intel(w, entry, true);
        } else if (is_first(in_force->built, i)) {
            request_lists(w, entry);
        }
    }
    free(w);
    return ASSAY_OK;
}
