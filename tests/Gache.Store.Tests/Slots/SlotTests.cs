using System.Text;
using Xunit;

namespace Gache.Store.Tests;

public sealed class SlotTests
{
    // From Redis: the CRC's own check value, and slots as CLUSTER KEYSLOT answers them.
    [Theory]
    [InlineData("123456789", 12739)]
    [InlineData("foo", 12182)]
    [InlineData("bar", 5061)]
    [InlineData("hello", 866)]
    [InlineData("somekey", 11058)]
    [InlineData("foo{hash_tag}", 2515)]
    [InlineData("hash_tag", 2515)]
    public void A_key_has_the_slot_that_Redis_gives_it(string key, int slot) =>
        Assert.Equal(slot, Slot.Of(Encoding.ASCII.GetBytes(key)));

    [Theory]
    [InlineData("{user1000}.following", "user1000")]
    [InlineData("{user1000}.followers", "user1000")]
    [InlineData("foo{bar}{zap}", "bar")]
    [InlineData("foo{{bar}}zap", "{bar")]
    public void Only_the_first_tag_counts(string key, string tag) => Assert.Equal(CrcOf(tag), Slot.Of(Encoding.ASCII.GetBytes(key)));

    [Theory]
    [InlineData("foo{}{bar}")]
    [InlineData("foo{bar")]
    [InlineData("foo}bar{")]
    [InlineData("{}")]
    [InlineData("{")]
    public void Without_a_tag_the_whole_key_counts(string key) => Assert.Equal(CrcOf(key), Slot.Of(Encoding.ASCII.GetBytes(key)));

    private static int CrcOf(string text)
    {
        int crc = 0;
        foreach (byte b in Encoding.ASCII.GetBytes(text))
        {
            crc ^= b << 8;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        return crc & 0xFFFF & (Slot.Count - 1);
    }
}
