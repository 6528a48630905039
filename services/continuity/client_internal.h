/*
 * services/continuity/client_internal.h - interface between client.c (decisions) and
 * client_frames.c (frames).
 */
#ifndef ASSAY_SERVICES_CONTINUITY_CLIENT_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_CLIENT_INTERNAL_H

#include "services/continuity/client.h"

/* Each sends to seats. */
void assay_cont_client_send_open(struct assay_cont_client *c, uint8_t seats,
                                 struct assay_cont_outputs *outs);
void assay_cont_client_send_adopt(struct assay_cont_client *c, uint64_t index,
                                  const uint8_t digest[static 32], uint8_t seats,
                                  struct assay_cont_outputs *outs);
void assay_cont_client_send_query(struct assay_cont_client *c, enum assay_cont_kind kind,
                                  const struct assay_cont_question *question, uint8_t seats,
                                  struct assay_cont_outputs *outs);
void assay_cont_client_send_handover_get(struct assay_cont_client *c, uint8_t seats,
                                         struct assay_cont_outputs *outs);
/* Resends the frame in flight. */
void assay_cont_client_send_update(struct assay_cont_client *c, uint8_t seats,
                                   struct assay_cont_outputs *outs);
/* Builds the next frame from the queue, at most ASSAY_CONT_BATCH_MAX states up to `until`;
 * flight_last stays 0 when the queue is empty. */
void assay_cont_client_start_update(struct assay_cont_client *c, uint64_t until);

#endif
