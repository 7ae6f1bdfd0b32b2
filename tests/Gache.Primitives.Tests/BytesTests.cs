using CsCheck;
using Xunit;

namespace Gache.Primitives.Tests;

public sealed class BytesTests
{
    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Select(Gen.Byte, Gen.Bool, Gen.UShort, Gen.UInt, Gen.ULong, Gen.Byte.Array[0, 300], Gen.String).Sample((b, flag, u16, u32, u64, blob, text) =>
        {
            string valid = new([.. text.Where(c => !char.IsSurrogate(c))]);
            var writer = new ByteWriter(1);
            writer.WriteByte(b);
            writer.WriteBoolean(flag);
            writer.WriteUInt16(u16);
            writer.WriteUInt32(u32);
            writer.WriteUInt64(u64);
            writer.WriteUInt128(new UInt128(u64, u32));
            writer.WriteBlob(blob);
            writer.WriteText(valid);
            var reader = new ByteReader(writer.Written);
            Assert.Equal(b, reader.ReadByte());
            Assert.Equal(flag, reader.ReadBoolean());
            Assert.Equal(u16, reader.ReadUInt16());
            Assert.Equal(u32, reader.ReadUInt32());
            Assert.Equal(u64, reader.ReadUInt64());
            Assert.Equal(new UInt128(u64, u32), reader.ReadUInt128());
            Assert.Equal(blob, reader.ReadBlob().ToArray());
            Assert.Equal(valid, reader.ReadText());
            Assert.True(reader.IsValid);
            Assert.Equal(0, reader.Remaining);
        });

    [Fact]
    public void A_number_takes_only_the_bytes_it_needs_and_is_read_back() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 63]).Sample((bits, shift) =>
        {
            ulong value = bits >> shift;
            var writer = new ByteWriter();
            writer.WriteVarUInt64(value);
            Assert.Equal(Math.Max(1, (64 - System.Numerics.BitOperations.LeadingZeroCount(value) + 6) / 7), writer.Length);
            var reader = new ByteReader(writer.Written);
            Assert.Equal(value, reader.ReadVarUInt64());
            Assert.True(reader.IsValid);
            Assert.Equal(0, reader.Remaining);
        });

    [Theory]
    [InlineData("ffffffffffffffffff02")] // a 65th bit
    [InlineData("80808080808080808080")] // does not end
    [InlineData("80")] // cut off
    public void A_number_beyond_64_bits_or_cut_off_is_invalid(string hex)
    {
        var reader = new ByteReader(Convert.FromHexString(hex));
        Assert.Equal(0ul, reader.ReadVarUInt64());
        Assert.False(reader.IsValid);
    }

    [Fact]
    public void A_field_beyond_the_end_is_invalid_and_reads_as_nothing()
    {
        var reader = new ByteReader([1, 2, 3]);
        Assert.Equal(0u, reader.ReadUInt32());
        Assert.False(reader.IsValid);
        Assert.Equal(0, reader.ReadByte());
    }

    [Fact]
    public void A_length_that_lies_takes_no_memory()
    {
        var reader = new ByteReader([0xFF, 0xFF, 0xFF, 0xFF, 1]);
        Assert.True(reader.ReadBlob().IsEmpty);
        Assert.False(reader.IsValid);
    }

    [Fact]
    public void A_boolean_is_nothing_but_0_or_1()
    {
        var reader = new ByteReader([2]);
        reader.ReadBoolean();
        Assert.False(reader.IsValid);
    }

    /// <summary>RFC 3720, appendix B.4.</summary>
    [Fact]
    public void Crc_32C_gives_the_RFCs_own_examples()
    {
        byte[] ones = new byte[32];
        Array.Fill(ones, (byte)0xFF);
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(ones));
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
    }

    [Fact]
    public void A_checksum_can_be_continued() => Gen.Select(Gen.Byte.Array[0, 64], Gen.Byte.Array[0, 64]).Sample((first, second) =>
        Crc32C.Compute([.. first, .. second]) == Crc32C.Compute(second, Crc32C.Compute(first)));
}
