/*
 * net/documents/document_services.h - documents of service state from plain values
 * (net/services/server/summary.h); docs/openapi.json defines the first.
 */
#ifndef ASSAY_NET_DOCUMENTS_DOCUMENT_SERVICES_H
#define ASSAY_NET_DOCUMENTS_DOCUMENT_SERVICES_H

#include "net/documents/document.h"
#include "net/services/server/summary.h"

/* s->services, which may be NULL: then there are none. Returns: an object. */
struct assay_json *assay_document_services(const struct assay_snapshot *s);
/* Each Returns: an object. */
struct assay_json *assay_document_account(const struct assay_summary_account *account);
struct assay_json *assay_document_task(const struct assay_snapshot *s,
                                       const struct assay_task_row *row);
struct assay_json *assay_document_share(const struct assay_snapshot *s,
                                        const struct assay_share_registry *r,
                                        const struct assay_share_row *row);
/* "forming" .. "gone"; "open" .. "expired". Each Returns: static text. */
const char *assay_document_phase(enum assay_cont_phase phase);
const char *assay_document_state(enum assay_summary_state state);
/* Of the group key: "none" .. "lost"; of the ceremony that runs: "none" .. "haves". Each Returns:
 * static text. */
const char *assay_document_key_state(enum assay_summary_key_state state);
const char *assay_document_ceremony(enum assay_ca_phase phase);
/* Of what became of a certificate or token: "issued", or the code of assay.error. Returns: static
 * text. */
const char *assay_document_issue_outcome(enum assay_service_outcome outcome);

#endif
