// SPDX-License-Identifier: Apache-2.0
// "The last workgroup to arrive finishes": workgroups write partial results, and the one that arrives last reads them all,
// in their fixed order, in the same dispatch. Which one that is does not change the result.
//
// Partial results and counters are declared BUFFER_EXCHANGE. Every invocation of the workgroup calls
// is_last_workgroup() once, in uniform control flow, after its own writes.
//
// Why the reads see the writes (GLSL 4.50, 4.10 and 8.17; the memory model of SPIR-V without VulkanMemoryModel): an
// invocation's writes to a coherent buffer are made available to the device by its memoryBarrierBuffer(), before it
// reaches barrier(). Invocation 0 adds to the counter behind that barrier(), so behind the writes of its whole workgroup.
// Atomic operations on one counter have one order. Who gets the number workgroups - 1 follows all the others in it, so
// that behind its own memoryBarrierBuffer(), past which the second barrier() lets no invocation read, all their writes
// are visible. Nobody waits for anybody: no forward progress between workgroups is needed.
//
// The last one sets the counter back to 0; until the barrier behind the dispatch no other one reaches it.
#ifndef LOWTIDE_LAST_WORKGROUP_GLSL
#define LOWTIDE_LAST_WORKGROUP_GLSL

// Counters of DispatchList::counters(), and what uses them. The binding is listed IN_PLACE in kernels.cmake.
// is_last_workgroup(counter, workgroups): whether this is the last one of the `workgroups` that call with `counter`.
#define BUFFER_COUNTERS(slot)                                               \
  BUFFER_EXCHANGE(slot, uint, counters)                                     \
  shared uint workgroups_before;                                            \
  bool is_last_workgroup(uint counter, uint workgroups) {                   \
    memoryBarrierBuffer();                                                  \
    barrier();                                                              \
    if (gl_LocalInvocationID.x == 0u) {                                     \
      memoryBarrierBuffer();                                                \
      workgroups_before = atomicAdd(counters[counter], 1u);                 \
      if (workgroups_before == workgroups - 1u) counters[counter] = 0u;     \
    }                                                                       \
    barrier();                                                              \
    memoryBarrierBuffer();                                                  \
    return workgroups_before == workgroups - 1u;                            \
  }

#endif
