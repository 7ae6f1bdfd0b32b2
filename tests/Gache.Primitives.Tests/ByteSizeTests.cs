using Xunit;

namespace Gache.Primitives.Tests;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("1b", 1)]
    [InlineData("2KiB", 2_048)]
    [InlineData("2k", 2_048)]
    [InlineData("3 MiB", 3 << 20)]
    [InlineData("2GiB", 2L << 30)]
    public void Sizes_are_powers_of_two(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("1KB")]
    [InlineData("1.5MiB")]
    [InlineData("-1")]
    [InlineData("9223372036854775807K")]
    public void What_is_no_size_is_refused(string text)
    {
        Assert.False(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(0, parsed);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1_000, "1000")]
    [InlineData(2_048, "2KiB")]
    [InlineData(8 << 20, "8MiB")]
    [InlineData(3L << 30, "3GiB")]
    public void A_size_is_written_in_the_largest_unit_that_divides_it(long bytes, string text)
    {
        Assert.Equal(text, ByteSize.Format(bytes));
        Assert.True(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }
}
