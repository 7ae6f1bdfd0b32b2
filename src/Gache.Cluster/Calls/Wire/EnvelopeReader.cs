using System.Buffers;
using System.IO.Pipelines;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Cluster.Calls.Wire;

/// <summary>Receives a preamble or its answer.</summary>
internal static class EnvelopeReader
{
    /// <summary>Receives the body of an envelope; null with words if what came is none.</summary>
    public static async ValueTask<(byte[]? Body, string Fault)> ReadAsync(PipeReader input, uint magic, CancellationToken deadline)
    {
        try
        {
            byte[]? header = await TakeAsync(input, PreambleEnvelope.HeaderLength, deadline).ConfigureAwait(false);
            if (header is null) return (null, "it closed the connection before it said who it is");
            if (!PreambleEnvelope.TryReadHeader(header, magic, out int length, out uint crc)) return (null, Stranger(header));
            byte[]? body = await TakeAsync(input, length, deadline).ConfigureAwait(false);
            if (body is null) return (null, "it closed the connection before it said who it is");
            return Crc32C.Compute(body) == crc ? (body, "") : (null, "the checksum of its preamble does not match");
        }
        catch (OperationCanceledException)
        {
            return (null, "it did not say who it is in time");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return (null, $"the connection broke: {e.Message}");
        }
    }

    private static string Stranger(byte[] header)
    {
        bool isRaft = PreambleEnvelope.TryReadHeader(header, PreambleEnvelope.DiallerMagic, out _, out _)
            || PreambleEnvelope.TryReadHeader(header, PreambleEnvelope.AcceptorMagic, out _, out _);
        return isRaft ? "it speaks as a raft port does: is a raft address given where a cluster address belongs?" : "it does not speak gache's protocol of cluster ports";
    }

    private static async ValueTask<byte[]?> TakeAsync(PipeReader input, int count, CancellationToken deadline)
    {
        ReadResult result = await input.ReadAtLeastAsync(count, deadline).ConfigureAwait(false);
        if (result.Buffer.Length < count) return null;
        ReadOnlySequence<byte> taken = result.Buffer.Slice(0, count);
        byte[] bytes = taken.ToArray();
        input.AdvanceTo(taken.End);
        return bytes;
    }
}
