using System.Text;
using System.Text.Json;
using CsCheck;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Watch;
using Gache.Server.Metrics;
using Gache.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>How changes are written to a client: piece by piece, each of which it may take before the next one exists (P10).</summary>
public sealed class EventSinkTests
{
    private static readonly Gen<byte[]> Values = Gen.OneOf(
        Gen.Byte.Array[0, 40_000],
        Gen.String[Gen.Char.AlphaNumeric, 0, 40_000].Select(Encoding.UTF8.GetBytes),
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 12_000]).Select(at => Encoding.UTF8.GetBytes(new string('a', at.Item1) + string.Concat(Enumerable.Repeat("é😀\u0001\"", at.Item2 / 4)))));

    [Fact]
    public void Values_of_any_size_arrive_as_they_are() => Gen.OneOf(Values, Gen.Byte.Array[0, 5_000], Gen.Int[3_000, 5_000].Select(length => new byte[length])).Array[1, 8].Sample(
        values =>
        {
            Client client = SendAsync(values).GetAwaiter().GetResult();
            Assert.Equal(values, client.Values());
            Assert.True(client.MostAtOnce <= WatchBounds.MaxTextBytes, $"{client.MostAtOnce} bytes at once");
        },
        iter: 200);

    /// <summary>Six times as long as text: without pieces each of some clients would hold that.</summary>
    [Fact]
    public async Task The_text_of_the_largest_value_is_nowhere_at_once_and_each_piece_is_told_of()
    {
        byte[][] values = [Encoding.ASCII.GetBytes(new string('\u0001', StoreLimits.MaxValueBytes)), new byte[StoreLimits.MaxValueBytes]];
        values[1].AsSpan().Fill(0xFF);
        Client client = await SendAsync(values);
        Assert.Equal(values, client.Values());
        Assert.InRange(client.MostAtOnce, 1, WatchBounds.MaxTextBytes);
        Assert.InRange(client.NotedTaken, client.Text.Length / WatchBounds.MaxTextBytes, int.MaxValue);
    }

    /// <summary>What stands before a large value may be what makes a piece full.</summary>
    [Fact]
    public async Task A_piece_may_end_anywhere_before_a_large_value()
    {
        for (int length = 0; length < 1_000; length += 8)
        {
            byte[][] values = [.. Enumerable.Repeat(1_000, 14).Append(length).Append(3_000).Select(bytes => Encoding.ASCII.GetBytes(new string('v', bytes)))];
            Assert.Equal(values, (await SendAsync(values)).Values());
            values[^1].AsSpan().Fill(0xFF);
            Assert.Equal(values, (await SendAsync(values)).Values());
        }
    }

    [Fact]
    public async Task Small_changes_are_written_together()
    {
        Client client = await SendAsync([.. Enumerable.Range(0, 50).Select(i => new[] { (byte)i })]);
        Assert.Equal(1, client.Flushes);
        Assert.Equal(50, client.Values().Length);
    }

    private static async Task<Client> SendAsync(byte[][] values)
    {
        var changes = new ByteWriter();
        for (int i = 0; i < values.Length; i++)
        {
            changes.WriteByte((byte)KeyChangeKind.Put);
            changes.WriteUInt16(7);
            changes.WriteUInt64((ulong)i + 1);
            changes.WriteUInt16(1);
            changes.WriteUInt32((uint)values[i].Length);
            changes.WriteBytes("k"u8);
            changes.WriteBytes(values[i]);
        }

        var client = new Client();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(client));
        var batch = new WatchBatch(new ClusterId(3), [(new SlotPlace(0, Slot.Count - 1, 1, 0), true)], changes.WrittenMemory, () => client.NotedTaken++);
        Assert.True(await new EventSink(context, new WatchCounters()).SendAsync(batch));
        return client;
    }

    /// <summary>Keeps what it is sent, and how much of it came between two flushes.</summary>
    private sealed class Client : Stream
    {
        private readonly MemoryStream all = new();
        private int atOnce;

        public int MostAtOnce { get; private set; }

        public int Flushes { get; private set; }

        public int NotedTaken { get; set; }

        public string Text => Encoding.UTF8.GetString(all.ToArray());

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => all.Length;

        public override long Position { get => all.Position; set => throw new NotSupportedException(); }

        public byte[][] Values() =>
        [
            .. Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(told =>
            {
                string[] lines = told.Split('\n');
                Assert.StartsWith("id: ", lines[0], StringComparison.Ordinal);
                Assert.Equal("event: put", lines[1]);
                using JsonDocument data = JsonDocument.Parse(Assert.Single(lines[2..])["data: ".Length..]);
                Assert.Equal(["key", "value", "revision", "slot"], data.RootElement.EnumerateObject().Select(property => property.Name));
                JsonElement value = data.RootElement.GetProperty("value");
                return value.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(value.GetString()!) : value.GetProperty("base64").GetBytesFromBase64();
            }),
        ];

        public override void Write(byte[] buffer, int offset, int count)
        {
            all.Write(buffer, offset, count);
            atOnce += count;
            MostAtOnce = Math.Max(MostAtOnce, atOnce);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            byte[] bytes = buffer.ToArray();
            Write(bytes, 0, bytes.Length);
            return default;
        }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            Flush();
            return Task.CompletedTask;
        }

        public override void Flush()
        {
            if (atOnce > 0) Flushes++;
            atOnce = 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
