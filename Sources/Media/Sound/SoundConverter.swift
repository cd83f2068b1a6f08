import CLibAV
import Diagnostics

/// Converts decoded sound of any rate, layout and format to interleaved stereo floats at 48 kHz.
///
/// Every channel is heard, and none in one ear alone unless it is the left or the right one: a
/// single channel is the middle whatever its name, two are left and right, and more are mixed by
/// their places, the deep one too. Channels without known places are mixed equally. The mix of loud
/// channels is not clipped.
final class SoundConverter {
  private struct Setup: Hashable {
    var format: Int32
    var rate: Int32
    var channels: Int32
    var mask: UInt64
  }

  private var setup: Setup?
  private var context: OpaquePointer?

  deinit { swr_free(&context) }

  /// The frame's samples, and the time of the first one on the timeline, in samples.
  ///
  /// A frame that cannot be converted gives no samples. The delay of the resampler is taken into
  /// account.
  func convert(
    _ frame: UnsafeMutablePointer<AVFrame>, at microseconds: Int64
  ) -> (start: Int, samples: [Float]) {
    let start = Int(microseconds * 48 / 1_000)
    let fields = frame.pointee
    guard fields.sample_rate >= 1_000, fields.sample_rate <= 768_000,
      fields.ch_layout.nb_channels > 0, fields.ch_layout.nb_channels <= 64, fields.nb_samples > 0
    else { return (start, []) }
    let isNative = fields.ch_layout.order == AV_CHANNEL_ORDER_NATIVE
    let wanted = Setup(
      format: fields.format, rate: fields.sample_rate, channels: fields.ch_layout.nb_channels,
      mask: isNative && fields.ch_layout.nb_channels > 2 ? fields.ch_layout.u.mask : 0)
    if wanted != setup, !open(wanted, byPlace: true), !open(wanted, byPlace: false) {
      return (start, [])
    }
    let delay = Int(swr_get_delay(context, Int64(FilmFormat.sampleRate)))
    let room = Int(swr_get_out_samples(context, fields.nb_samples))
    guard room > 0, room < 1 << 24 else { return (start, []) }
    var samples = [Float](repeating: 0, count: 2 * room)
    let count = samples.withUnsafeMutableBytes { bytes -> Int32 in
      var target: UnsafeMutablePointer<UInt8>? = bytes.assumingMemoryBound(to: UInt8.self)
        .baseAddress
      return withUnsafeMutablePointer(to: &target) { target in
        fields.extended_data.withMemoryRebound(
          to: UnsafePointer<UInt8>?.self, capacity: Int(fields.ch_layout.nb_channels)
        ) { swr_convert(context, target, Int32(room), $0, fields.nb_samples) }
      }
    }
    samples.removeLast(samples.count - 2 * Int(max(0, count)))
    for index in samples.indices {
      // A damaged stream can decode to any value, even to NaN.
      let value = samples[index]
      samples[index] = value.isFinite ? min(1, max(-1, value)) : 0
    }
    return (start - delay, samples)
  }

  /// - Parameter byPlace: Whether channels are mixed by their places, and not equally.
  private func open(_ wanted: Setup, byPlace: Bool) -> Bool {
    swr_free(&context)
    setup = nil
    var output = AVChannelLayout()
    av_channel_layout_default(&output, 2)
    var input = AVChannelLayout()
    defer { av_channel_layout_uninit(&input) }
    if !byPlace {
      input.order = AV_CHANNEL_ORDER_UNSPEC
      input.nb_channels = wanted.channels
    } else if wanted.mask != 0 {
      av_channel_layout_from_mask(&input, wanted.mask)
    } else {
      av_channel_layout_default(&input, wanted.channels)
    }
    let status = swr_alloc_set_opts2(
      &context, &output, AV_SAMPLE_FMT_FLT, Int32(FilmFormat.sampleRate), &input,
      AVSampleFormat(wanted.format), wanted.rate, 0, nil)
    guard status >= 0, let context else { return false }
    let options = UnsafeMutableRawPointer(context)
    // Otherwise the mix of 5.1 leaves the deep channel out, and can be twice as loud as it fits.
    av_opt_set_double(options, "lfe_mix_level", 0.5, 0)
    av_opt_set_double(options, "rematrix_maxval", 1, 0)
    if !byPlace {
      let part = 1 / Double(wanted.channels)
      let matrix = [Double](repeating: part, count: 2 * Int(wanted.channels))
      guard swr_set_matrix(context, matrix, wanted.channels) >= 0 else { return false }
    }
    guard swr_init(context) >= 0 else { return false }
    setup = wanted
    return true
  }
}
