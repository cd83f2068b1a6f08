import CSandbox

/// How the C library keeps freed memory.
package enum HeapLimits {
  /// Makes the C library return large blocks to the kernel as soon as they are freed.
  ///
  /// Thousands of pictures are allocated and freed. By default, the C library raises its thresholds
  /// to the largest block so far, and then the heap never shrinks.
  package static func giveBack() {
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    mallopt(M_TRIM_THRESHOLD, 16 << 20)
  }
}
