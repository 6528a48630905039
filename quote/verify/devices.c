/*
 * quote/verify/devices.c - appraisal of the devices that come with a processor's evidence
 * (devices.h).
 *
 * The binding is looked at first: reports that the processor does not commit to, or that answer
 * another challenge, cost no signature.
 */
#include "quote/verify/devices.h"

#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/certificates/chain.h"
#include "quote/nvidia/nvidia.h"
#include "quote/result/device_verdict.h"
#include "quote/text.h"

/* One appraisal of all devices. */
struct run {
    struct assay_verifier *verifier;
    const struct assay_evidence_request *request;
    const struct assay_device_set *set;
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN];
    struct assay_verdict *verdict; /* of the whole */
};

/* --- before */
enum assay_status assay_devices_open(const struct assay_kind *kind,
                                     const struct assay_evidence_request *request, uint8_t *buffer,
                                     struct assay_device_set *set, struct assay_verdict *verdict)
{
    struct assay_package package;
    struct assay_slice bytes;
    const struct assay_gpu_rules *const rules = &request->policy->gpu;
    set->count = 0;
    if ((kind->pieces & ASSAY_PIECE_DEVICES) == 0) return ASSAY_OK;
    if (assay_package_read(kind->kind, request->bytes, request->len, &package) != ASSAY_OK)
        return ASSAY_OK; /* the kind reports it */
    if (package.devices.len == 0 && package.packed.len == 0) return ASSAY_OK;
    if (rules->gpus.most == 0 && rules->switches.most == 0) {
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "evidence without devices",
                          "devices, and the policy accepts none: see gpu_count_max");
        return ASSAY_E_INVALID;
    }
    if (package.packed.len > 0 && !rules->packed) {
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "devices that are not packed",
                          "packed ones, and the policy accepts none: see devices_packed");
        return ASSAY_E_INVALID;
    }
    ASSAY_ASSERT(buffer != NULL || package.packed.len == 0);
    enum assay_status status = assay_device_set_bytes(&package, buffer, &bytes);
    if (status == ASSAY_OK) status = assay_device_set_read(bytes.bytes, bytes.len, set);
    if (status != ASSAY_OK)
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "a well-formed set of devices",
                          assay_status_text(status));
    return status;
}

static void add_reason(const struct run *r, size_t index, enum assay_rule rule,
                       const char *expected, const char *observed)
{
    char name[ASSAY_REASON_TEXT];
    struct assay_text text = assay_text_empty();
    struct assay_verdict_device *const d = &r->verdict->devices[index];
    assay_verdict_name_device(r->verdict, (uint32_t)index, name);
    assay_text_add(&text, name);
    assay_text_add(&text, ": ");
    assay_text_add(&text, observed);
    assay_verdict_add(r->verdict, rule, 0, expected, text.text);
    if (d->rule == 0 || assay_rule_class_of(rule) < assay_rule_class_of((enum assay_rule)d->rule))
        d->rule = (uint8_t)rule;
}

/* One of a later version is not forged, as if it had come alone (verify.c). */
static void report_unreadable(const struct run *r, size_t index, enum assay_status status)
{
    const bool is_unsupported = status == ASSAY_E_UNSUPPORTED;
    add_reason(r, index, is_unsupported ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT,
               is_unsupported ? "a supported version and type" : "a well-formed report",
               assay_status_text(status));
}

/* What the report says of its device: proven or not, a reason has to name it. */
static enum assay_status describe_device(const struct assay_package *package,
                                         const struct assay_spdm_report *report,
                                         struct assay_verdict_device *out)
{
    struct assay_certificate all[ASSAY_PACKAGE_CERTIFICATES_MAX];
    enum assay_gpu_architecture architecture = ASSAY_GPU_HOPPER;
    size_t count = 0, leaf = 0;
    for (size_t i = 0; i < package->certificate_count; i++) {
        const struct assay_slice der = package->certificates[i];
        const enum assay_status status = assay_x509_certificate(der.bytes, der.len, &all[count]);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        count += status == ASSAY_OK;
    }
    if (!report->is_switch) out->mode = (uint8_t)assay_spdm_mode(report);
    assay_text_copy(out->driver, sizeof out->driver, report->driver);
    assay_text_copy(out->firmware, sizeof out->firmware, report->vbios);
    ASSAY_TRY(assay_nvidia_find_leaf(all, count, report, &leaf));
    if (leaf == count) return ASSAY_OK;
    assay_bytes_copy(out->serial, sizeof out->serial, all[leaf].serial, sizeof all[leaf].serial);
    /* Its issuer is the device; certificates of other chips may stand beside it. */
    for (size_t i = 0; i < count; i++)
        if (assay_dn_equal(&all[i].subject, &all[leaf].issuer) &&
            assay_nvidia_architecture(all[i].subject_name, &architecture) == ASSAY_OK)
            assay_text_copy(out->product, sizeof out->product,
                            assay_nvidia_product(architecture, report));
    return ASSAY_OK;
}

/* --- one device */
/* The whole rests on what the device rests on. */
static void take_ends(const struct assay_verdict *own, struct assay_verdict *verdict)
{
    if (own->has_expiry)
        assay_verdict_rest_on(verdict, own->expires_first, own->expires_unix_s);
    if (own->has_policy_end) assay_verdict_policy_ends(verdict, own->policy_ends_unix_s);
    for (uint32_t i = 0; i < own->window_count; i++)
        assay_verdict_add_window(verdict, own->windows[i].what, own->windows[i].is_certificate,
                                 own->windows[i].from_unix_s, own->windows[i].to_unix_s);
}

static void take_verdict(const struct run *r, size_t index, const struct assay_verdict *own)
{
    struct assay_verdict_device *const d = &r->verdict->devices[index];
    d->genuine = (uint8_t)own->genuine;
    d->tier = (uint8_t)own->tier;
    d->has_platform = own->has_platform;
    d->has_expiry = own->has_expiry;
    d->expires_unix_s = own->expires_unix_s;
    assay_text_copy(d->expires_first, sizeof d->expires_first, own->expires_first);
    assay_bytes_copy(d->platform_id, sizeof d->platform_id, own->platform_id,
                     sizeof own->platform_id);
    for (uint32_t i = 0; i < own->reason_count; i++)
        add_reason(r, index, own->reasons[i].rule, own->reasons[i].expected,
                   own->reasons[i].observed);
    if (own->genuine != ASSAY_GENUINE_TRUE && !assay_verdict_has_class(own, ASSAY_RULE_FORGED) &&
        !assay_verdict_has_class(own, ASSAY_RULE_UNJUDGED))
        add_reason(r, index, ASSAY_RULE_EVIDENCE_INCOMPLETE, "every proof of the device",
                   "one is missing");
    take_ends(own, r->verdict);
}

/* By its kind, as if it had come alone. */
static enum assay_status verify_alone(const struct run *r, size_t index,
                                      const struct assay_package *package)
{
    uint8_t bytes[ASSAY_EVIDENCE_LEN_MAX];
    struct assay_slice whole;
    struct assay_verdict own;
    struct assay_kind row;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_package_encode(package, &w);
    enum assay_status status = assay_writer_finish(&w, &whole);
    if (status == ASSAY_OK) status = assay_kind_find(package->kind, &row);
    if (status != ASSAY_OK) {
        add_reason(r, index, ASSAY_RULE_FORMAT, "a device of at most 32 KB",
                   assay_status_text(status));
        return ASSAY_OK;
    }
    struct assay_evidence_request request = *r->request;
    request.kind = package->kind;
    request.bytes = whole.bytes;
    request.len = whole.len;
    request.logs = NULL;
    request.log_count = 0;
    request.log_report = NULL;
    assay_verdict_init(&own, package->kind, request.at_unix_s);
    status = row.verify(&row, r->verifier, &request, &own);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    assay_verdict_conclude(&own);
    if (status != ASSAY_OK) report_unreadable(r, index, status);
    take_verdict(r, index, &own);
    return ASSAY_OK;
}

static void judge_repeated(const struct run *r, size_t index)
{
    char name[ASSAY_REASON_TEXT];
    const struct assay_device_identity own = assay_device_identity(&r->verdict->devices[index]);
    for (size_t i = 0; i < index; i++) {
        const struct assay_device_identity other = assay_device_identity(&r->verdict->devices[i]);
        if (!assay_device_is_same(&own, &other)) continue;
        assay_verdict_name_device(r->verdict, (uint32_t)i, name);
        add_reason(r, index, ASSAY_RULE_DEVICE_TWICE, "each device once", name);
        return;
    }
}

static enum assay_status judge_device(const struct run *r, size_t index)
{
    struct assay_package package;
    struct assay_spdm_report report;
    ASSAY_ASSERT(index < r->verdict->device_count);
    assay_device_set_package(r->set, index, &package);
    const enum assay_status status =
        assay_spdm_parse(package.main.bytes, package.main.len, &report);
    if (status != ASSAY_OK) {
        report_unreadable(r, index, status);
        return ASSAY_OK;
    }
    ASSAY_TRY(describe_device(&package, &report, &r->verdict->devices[index]));
    if (!assay_bytes_equal(report.nonce, r->nonce, sizeof r->nonce)) {
        add_reason(r, index, ASSAY_RULE_NONCE, "the nonce of this evidence's challenge",
                   "another nonce");
        return ASSAY_OK;
    }
    ASSAY_TRY(verify_alone(r, index, &package));
    judge_repeated(r, index);
    return ASSAY_OK;
}

/* --- all of them */
static void judge_count(const char *what, size_t count, const struct assay_gpu_span *span,
                        struct assay_verdict *verdict)
{
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    if (count >= span->least && count <= span->most) return;
    assay_text_add_u64(&expected, span->least);
    assay_text_add(&expected, " to ");
    assay_text_add_u64(&expected, span->most);
    assay_text_add(&expected, " ");
    assay_text_add(&expected, what);
    assay_text_add_u64(&observed, count);
    assay_verdict_add(verdict, ASSAY_RULE_DEVICE_COUNT, 0, expected.text, observed.text);
}

static void judge_counts(const struct run *r)
{
    size_t gpus = 0;
    const struct assay_gpu_rules *const rules = &r->request->policy->gpu;
    for (size_t i = 0; i < r->set->count; i++)
        gpus += r->set->devices[i].kind == ASSAY_KIND_NVIDIA_GPU;
    judge_count("GPUs", gpus, &rules->gpus, r->verdict);
    judge_count("switches", r->set->count - gpus, &rules->switches, r->verdict);
}

/* A policy that demands devices is about the processor that they come with. */
static void judge_alone(const struct run *r)
{
    const struct assay_gpu_rules *const rules = &r->request->policy->gpu;
    if (rules->gpus.least == 0 && rules->switches.least == 0) return;
    assay_verdict_add(r->verdict, ASSAY_RULE_DEVICE_COUNT, 0,
                      "evidence of a processor with its devices", "a report of a device alone");
}

/* Does the processor quote this set? Packing is of its way here alone. */
static bool judge_binding(const struct run *r)
{
    uint8_t wanted[ASSAY_REPORT_DATA_LEN];
    struct assay_verdict *const v = r->verdict;
    assay_device_report_data(r->set->challenge, r->set->encoded, wanted);
    const bool is_bound = v->has_claims && assay_bytes_equal(wanted, v->report_data, sizeof wanted);
    if (is_bound) {
        assay_bytes_copy(v->report_data, sizeof v->report_data, r->set->challenge,
                         sizeof r->set->challenge);
        return true;
    }
    struct assay_text expected = assay_text_empty();
    assay_text_add(&expected, "report data ");
    assay_text_add_hex(&expected, wanted, 16);
    assay_text_add(&expected, "...: of these devices");
    assay_verdict_add(v, ASSAY_RULE_DEVICE_BINDING, 0, expected.text, "other report data");
    return false;
}

enum assay_status assay_devices_appraise(const struct assay_kind *kind,
                                         struct assay_verifier *verifier,
                                         const struct assay_evidence_request *request,
                                         const struct assay_device_set *set,
                                         struct assay_verdict *verdict)
{
    struct run r = { verifier, request, set, { 0 }, verdict };
    ASSAY_ASSERT(set->count <= ASSAY_DEVICES_MAX);
    if ((ASSAY_KINDS_NVIDIA & ASSAY_KIND_BIT(kind->kind)) != 0) {
        judge_alone(&r);
        return ASSAY_OK;
    }
    judge_counts(&r);
    if (set->count == 0) return ASSAY_OK;
    if (!judge_binding(&r)) return ASSAY_OK;
    assay_device_nonce(set->challenge, r.nonce);
    for (size_t i = 0; i < set->count; i++) {
        verdict->devices[i].kind = (uint8_t)set->devices[i].kind;
        verdict->devices[i].mode = ASSAY_GPU_MODE_UNKNOWN; /* until a report states it */
    }
    verdict->device_count = (uint32_t)set->count;
    for (size_t i = 0; i < set->count; i++)
        ASSAY_TRY(judge_device(&r, i));
    return ASSAY_OK;
}
