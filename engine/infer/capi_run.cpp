// SPDX-License-Identifier: Apache-2.0
// lowtide.h over Session: running and submitting.
#include <optional>

#include "engine/infer/capi_detail.hpp"

namespace {

using namespace lowtide::infer::capi;
using lowtide::Result;

// The caller's buffers as spans; `body(images, logits)` goes on with them.
template <class Element, class Body>
lowtide_status with_buffers(const lowtide_session* session, const Element* images, size_t image_count, float* logits,
                            size_t logit_count, const Body& body) noexcept {
  return guarded([&]() -> Result<lowtide_status> {
    LOWTIDE_TRY_VOID(require_session(session));
    LOWTIDE_TRY_VOID(require((images != nullptr && logits != nullptr) || image_count == 0, "a buffer is NULL"));
    const uint64_t image_elements = session->session->image_elements();
    LOWTIDE_TRY_VOID(require(image_count <= SIZE_MAX / sizeof(float) / image_elements, "too many images"));
    return body(std::span<const Element>(images, image_count * static_cast<size_t>(image_elements)),
                std::span<float>(logits, logit_count));
  });
}

template <class Element>
lowtide_status run(lowtide_session* session, const Element* images, size_t image_count, float* logits,
                   size_t logit_count) noexcept {
  const auto body = [&](std::span<const Element> from, std::span<float> to) -> Result<lowtide_status> {
    LOWTIDE_TRY_VOID(session->session->run(from, to));
    return LOWTIDE_OK;
  };
  return with_buffers(session, images, image_count, logits, logit_count, body);
}

template <class Element>
lowtide_status submit(lowtide_session* session, const Element* images, size_t image_count, float* logits,
                      size_t logit_count, lowtide_ticket* ticket) noexcept {
  const auto body = [&](std::span<const Element> from, std::span<float> to) -> Result<lowtide_status> {
    LOWTIDE_TRY_VOID(require(ticket != nullptr, "the place for the ticket is NULL"));
    LOWTIDE_TRY(const std::optional<uint64_t> number, session->session->submit(from, to));
    if (!number) {
      set_last_error("as many submissions as this session may have are in flight; wait for the oldest");
      return LOWTIDE_BUSY;
    }
    *ticket = *number;
    return LOWTIDE_OK;
  };
  return with_buffers(session, images, image_count, logits, logit_count, body);
}

}  // namespace

lowtide_status lowtide_run_f32(lowtide_session* session, const float* images, size_t image_count, float* logits,
                               size_t logit_count) {
  return run(session, images, image_count, logits, logit_count);
}

lowtide_status lowtide_run_u8(lowtide_session* session, const uint8_t* pixels, size_t image_count, float* logits,
                              size_t logit_count) {
  return run(session, pixels, image_count, logits, logit_count);
}

lowtide_status lowtide_set_batch(lowtide_session* session, uint32_t batch) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require_session(session));
    return session->session->set_batch(batch);
  });
}

lowtide_status lowtide_submit_f32(lowtide_session* session, const float* images, size_t image_count, float* logits,
                                  size_t logit_count, lowtide_ticket* ticket) {
  return submit(session, images, image_count, logits, logit_count, ticket);
}

lowtide_status lowtide_submit_u8(lowtide_session* session, const uint8_t* pixels, size_t image_count, float* logits,
                                 size_t logit_count, lowtide_ticket* ticket) {
  return submit(session, pixels, image_count, logits, logit_count, ticket);
}

lowtide_status lowtide_poll(lowtide_session* session, lowtide_ticket ticket, uint32_t* is_done) {
  return guarded([&]() -> Result<void> {
    LOWTIDE_TRY_VOID(require_session(session));
    LOWTIDE_TRY_VOID(require(is_done != nullptr, "the place for the answer is NULL"));
    LOWTIDE_TRY(const bool done, session->session->finish(ticket, 0));
    *is_done = done ? 1 : 0;
    return {};
  });
}

lowtide_status lowtide_wait(lowtide_session* session, lowtide_ticket ticket, uint64_t nanoseconds) {
  return guarded([&]() -> Result<lowtide_status> {
    LOWTIDE_TRY_VOID(require_session(session));
    LOWTIDE_TRY(const bool done, session->session->finish(ticket, nanoseconds));
    if (done) return LOWTIDE_OK;
    set_last_error(fmt::format("submission {} was not done within {} ns", ticket, nanoseconds));
    return LOWTIDE_TIMEOUT;
  });
}
